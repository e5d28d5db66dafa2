/** The phases as they ran, the last first, each with its callers behind it. */
import { useState } from "preact/hooks";
import type { WorkloadPhase } from "../../model/workload.ts";
import type { WorkloadView } from "../../model/workload-view.ts";
import { isIn } from "../chart/phases.ts";
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { formatCount } from "../format/count.ts";
import { formatSpan } from "../format/time.ts";
import { Quantity } from "../parts/quantity.tsx";
import type { Span } from "../view/view.ts";
import { plural } from "./describe-workload.ts";

const COLUMNS = 8;

interface PhaseTableProps {
  readonly workload: WorkloadView;
  /** Of this part of the trace alone, where there is one. */
  readonly window: Span | null;
}

export function PhaseTable({ workload, window }: PhaseTableProps) {
  const { phases, earlierPhases, progress } = workload;
  const [open, setOpen] = useState<string | null>(null);
  const newestFirst = [...phases].reverse();
  if (window !== null && !phases.some((phase) => isIn(spanOf(phase), window)))
    return <p class="leaks-note">None of those that are listed ran in the window.</p>;
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
            if (!isIn(spanOf(phase), window)) return null;
            const key = `${phase.round}.${phases.length - i + earlierPhases}`;
            const isOpen = open === key;
            return [
              <PhaseRow
                key={key}
                phase={phase}
                isRunning={i === 0 && progress.running !== null}
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

function spanOf({ startedNs, endedNs }: WorkloadPhase) {
  return { fromS: (startedNs ?? 0) / 1e9, toS: endedNs === null ? null : endedNs / 1e9 };
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
  const how = isRunning ? "runs" : interrupted ? "its end was not seen" : (status ?? "not known");
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
