/** A workload: its verdict where it was repeated, what grew in each round, and what its phases left behind. */
import type { GrowingCaller, Workload } from "../../model/workload.ts";
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { formatCount, plural } from "../format/count.ts";
import { phaseNames, residueRows } from "./residue.ts";

const MOST = 60;

export function WorkloadView({ workload }: { readonly workload: Workload }) {
  const { repeat, phases, exact } = workload;
  const about = exact ? "" : "≈ ";
  return (
    <>
      {repeat !== null && repeat.rounds > 0 && (
        <section class="leaks-part" aria-label="Verdict">
          <h3 data-testid="verdict" data-verdict={repeat.verdict}>
            {VERDICTS[repeat.verdict]}
          </h3>
          <p class="leaks-note">
            {plural(repeat.rounds, "round")}: {repeat.reason}
          </p>
          {repeat.growing.length > 0 && <Growing growing={repeat.growing} about={about} />}
        </section>
      )}
      <section class="leaks-part" aria-label="Phases">
        <h3>What the workload left, phase by phase</h3>
        <table class="plain" data-testid="phases">
          <thead>
            <tr>
              <th scope="col">phase</th>
              <th scope="col">allocated</th>
              <th scope="col">freed</th>
              <th scope="col">net</th>
              <th scope="col">left at the end</th>
            </tr>
          </thead>
          <tbody>
            {phases.slice(-MOST).map((phase, index) => (
              <tr key={index} data-phase={phase.name}>
                <th scope="row">
                  {phase.name}
                  {phases.some(({ round }) => round > 1) && ` · round ${phase.round}`}
                  {phase.status !== null && phase.status !== 0 && <b class="lossy"> exit {phase.status}</b>}
                </th>
                <td>{humanBytes(phase.totalBytes)}</td>
                <td>{humanBytes(phase.freedBytes)}</td>
                <td title={exactBytes(phase.netBytes)}>
                  {about}
                  {humanBytes(phase.netBytes)}
                </td>
                <td>
                  {about}
                  {humanBytes(phase.leftBytes)} in {formatCount(phase.leftObjects)} objects
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <Residue workload={workload} about={about} />
    </>
  );
}

const VERDICTS: Record<NonNullable<Workload["repeat"]>["verdict"], string> = {
  leak: "It leaks",
  clean: "It does not leak",
  unsafe: "No verdict",
};

function Growing({ growing, about }: { readonly growing: readonly GrowingCaller[]; readonly about: string }) {
  return (
    <table class="plain" data-testid="growing">
      <thead>
        <tr>
          <th scope="col">caller</th>
          <th scope="col">verdict</th>
          <th scope="col">grows a round</th>
          <th scope="col">after each round</th>
        </tr>
      </thead>
      <tbody>
        {growing.slice(0, MOST).map((row) => (
          <tr key={row.callSite} data-verdict={row.verdict}>
            <th scope="row" title={row.reason}>
              <code>{row.caller}</code>
            </th>
            <td>{row.verdict === "leak" ? <b class="lossy">leak</b> : row.verdict}</td>
            <td title={row.reason}>
              {about}
              {humanBytes(row.growthBytesPerRound)}
            </td>
            <td>{row.perRound.map((bytes) => `${bytes > 0 ? "+" : ""}${humanBytes(bytes)}`).join(", ")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Residue({ workload, about }: { readonly workload: Workload; readonly about: string }) {
  const names = phaseNames(workload);
  const rows = residueRows(workload);
  if (rows.length === 0) return <p class="leaks-note">Nothing that it allocated is left.</p>;
  return (
    <section class="leaks-part" aria-label="Residue">
      <h3>
        {about}
        {humanBytes(workload.residue.bytes)} in {formatCount(workload.residue.objects)} objects are left
      </h3>
      <table class="plain" data-testid="residue">
        <thead>
          <tr>
            <th scope="col">caller</th>
            <th scope="col">left</th>
            {names.map((name) => (
              <th key={name} scope="col">
                of {name}
              </th>
            ))}
            <th scope="col">age</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST).map(({ caller, bytes, byPhase, ages }) => (
            <tr key={caller}>
              <th scope="row">
                <code>{caller}</code>
              </th>
              <td>
                {about}
                {humanBytes(bytes)}
              </td>
              {names.map((name) => (
                <td key={name}>{byPhase[name] === undefined ? "" : formatCount(byPhase[name])}</td>
              ))}
              <td>{ages}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
