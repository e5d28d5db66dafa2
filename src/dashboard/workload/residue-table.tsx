/** What is left of the workload's phases, by caller, and which phases allocated it. */
import type { WorkloadView } from "../../model/workload-view.ts";
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { formatCount } from "../format/count.ts";
import { Quantity } from "../parts/quantity.tsx";
import { phasesThatLeft } from "./describe-workload.ts";

const UNSEEN = "frees of such objects raise no event: some may be gone";

export function ResidueTable({ workload }: { readonly workload: WorkloadView }) {
  const { residue } = workload;
  const names = phasesThatLeft(workload);
  return (
    <>
      <table class="plain" data-testid="residue">
        <thead>
          <tr>
            <th scope="col">caller</th>
            <th scope="col">bytes</th>
            <th scope="col">objects</th>
            {names.map((name) => (
              <th scope="col" key={name} title={`objects allocated in ${name}, all rounds`}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr data-residue="">
            <th scope="row">all callers</th>
            <td>
              <Quantity text={humanBytes(residue.bytes)} full={exactBytes(residue.bytes)} />
            </td>
            <td>{formatCount(residue.objects)}</td>
            {names.map((name) => (
              <td key={name} />
            ))}
          </tr>
          {residue.callers.map(({ callSite, caller, bytes, objects, byPhase, marks }) => (
            <tr key={callSite} data-residue={callSite}>
              <th scope="row">
                <code>{caller}</code>
                {marks.length > 0 && (
                  <abbr class="approx" title={UNSEEN} aria-label={UNSEEN}>
                    {" "}
                    ?
                  </abbr>
                )}
              </th>
              <td>
                <Quantity text={humanBytes(bytes)} full={exactBytes(bytes)} />
              </td>
              <td>{formatCount(objects)}</td>
              {names.map((name) => (
                <td key={name} class={(byPhase[name] ?? 0) === 0 ? "nought" : undefined}>
                  {formatCount(byPhase[name] ?? 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {residue.callersBeyond > 0 && <p class="leaks-note">and {formatCount(residue.callersBeyond)} more callers</p>}
    </>
  );
}
