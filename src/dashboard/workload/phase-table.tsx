/** The phases as they ran, the last first, each with its callers behind it. */
import { useState } from "preact/hooks";
import type { WorkloadPhase } from "../../model/workload.ts";
import type { WorkloadView } from "../../model/workload-view.ts";
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { formatCount } from "../format/count.ts";
import { formatSpan } from "../format/time.ts";
import { Quantity } from "../parts/quantity.tsx";
import { plural } from "./describe-workload.ts";

const COLUMNS = 8;

interface PhaseTableProps {
  readonly workload: WorkloadView;
}

export function PhaseTable({ workload }: PhaseTableProps) {
  const { phases, earlierPhases, progress } = workload;
  const [open, setOpen] = useState<string | null>(null);
  const newestFirst = [...phases].reverse();
  if (phases.length === 0) return <p class="leaks-note">None ran in the window.</p>;
  return (
    <>
      <table class="plain" data-testid="workload-phases">
        <thead>
          <tr>
            <th scope="col">phase</th>
            <th scope="col">round</th>
            <th scope="col">took</th>
            <th scope="col">exit status</th>
            <th scope="col">allocated</th>
            <th scope="col" title="allocated less freed while it ran, of older objects too">
              net change
            </th>
            <th scope="col" title="of what it allocated, what is still there now">
              left
            </th>
            <th scope="col">objects</th>
          </tr>
        </thead>
        <tbody>
          {newestFirst.map((phase, i) => {
            const key = `${phase.round}.${phases.length - i + earlierPhases}`;
            const isOpen = open === key;
            return [
              <PhaseRow
                key={key}
                phase={phase}
                isRunning={isRunning(phase, progress.running)}
                isOpen={isOpen}
                onToggle={() => setOpen(isOpen ? null : key)}
              />,
              isOpen && (
                <tr key={`${key} callers`}>
                  <td colSpan={COLUMNS} class="workload-text">
                    <code>{phase.command}</code>
                    <ol data-testid="phase-callers">
                      {phase.callers.map(({ callSite, caller, netBytes, allocs }) => (
                        <li key={callSite}>
                          <code>{caller}</code>: net {humanBytes(netBytes)}, {plural(allocs, "allocation")}
                        </li>
                      ))}
                    </ol>
                  </td>
                </tr>
              ),
            ];
          })}
        </tbody>
      </table>
      {earlierPhases > 0 && <p class="leaks-note">and {formatCount(earlierPhases)} earlier phases</p>}
    </>
  );
}

function isRunning({ name, round, endedNs }: WorkloadPhase, running: WorkloadView["progress"]["running"]): boolean {
  return endedNs === null && running?.name === name && running.round === round;
}

interface PhaseRowProps {
  readonly phase: WorkloadPhase;
  readonly isRunning: boolean;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function PhaseRow({ phase, isRunning, isOpen, onToggle }: PhaseRowProps) {
  const { name, round, status, interrupted, startedNs, endedNs, totalBytes, netBytes, leftBytes, leftObjects } = phase;
  const took = startedNs === null || endedNs === null ? "–" : formatSpan((endedNs - startedNs) / 1e9);
  const how = isRunning
    ? "runs"
    : interrupted
      ? `its ${endedNs === null ? "end" : "beginning"} was not seen`
      : (status ?? "not known");
  return (
    <tr data-phase={`${round}.${name}`}>
      <th scope="row">
        <button
          type="button"
          class="row-toggle"
          aria-expanded={isOpen}
          aria-label={`Callers of ${name}, round ${round}`}
          onClick={onToggle}
        >
          {isOpen ? "▾" : "▸"}
        </button>
        {name}
      </th>
      <td>{round}</td>
      <td>{took}</td>
      <td>{how}</td>
      <Bytes bytes={totalBytes} />
      <Bytes bytes={netBytes} />
      <Bytes bytes={leftBytes} />
      <td>{formatCount(leftObjects)}</td>
    </tr>
  );
}

function Bytes({ bytes }: { readonly bytes: number }) {
  return (
    <td>
      <Quantity text={humanBytes(bytes)} full={exactBytes(bytes)} />
    </td>
  );
}
