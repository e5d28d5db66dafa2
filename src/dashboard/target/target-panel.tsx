/** The target's side: its ring buffers or hist maps, and what is to be known of it. Takes no room where none of it is known. */
import { useState } from "preact/hooks";
import type { Loss } from "../../model/loss.ts";
import type { CpuStats } from "../../model/target-facts.ts";
import { plural } from "../format/count.ts";
import { peaksKnown } from "../format/peaks-known.ts";
import type { Account, TargetState } from "../state/page-state.ts";
import { BufferGrid } from "./buffer-grid.tsx";
import { BufferTable } from "./buffer-table.tsx";
import { describeBuffers, describeMostUrgent, mostUrgent, urgencyOf } from "./describe-buffers.ts";
import { HistMapTable } from "./hist-maps.tsx";
import { TargetNotes } from "./target-notes.tsx";

/** More CPUs than this are shown as a grid, unless rows are asked for. */
const ROWS_UP_TO = 4;

export function hasTargetPanel({ mode, cpus, histMaps, findings, gaps }: TargetState): boolean {
  return mode === "hist" || [cpus, histMaps, findings, gaps].some((list) => list !== undefined && list.length > 0);
}

export function TargetPanel({ account }: { readonly account: Account }) {
  const { target } = account;
  const { cpus = [], histMaps = [], mode } = target;
  const [shown, setShown] = useState(true);
  const [rows, setRows] = useState(false);
  if (!hasTargetPanel(target)) return null;
  const many = cpus.length > ROWS_UP_TO;
  const gauges = cpus.length + histMaps.length > 0;
  return (
    <section class="target-panel" aria-label="Target" data-testid="target-panel">
      <div class="section-head">
        <h2>{cpus.length > 0 ? "Ring buffers" : histMaps.length > 0 ? "Hist maps" : "Target"}</h2>
        {cpus.length > 0 && <BuffersSummary cpus={cpus} loss={account.loss} />}
        <div class="target-tools">
          <TargetNotes target={target} />
          {many && shown && (
            <button type="button" class="chip" aria-pressed={rows} onClick={() => setRows(!rows)}>
              Rows
            </button>
          )}
          {gauges && (
            <button type="button" class="chip" aria-expanded={shown} onClick={() => setShown(!shown)}>
              {shown ? "Hide" : "Show"}
            </button>
          )}
        </div>
      </div>
      {shown && gauges && (
        <div
          class="target-body"
          role="group"
          aria-label="Ring buffers and hist maps"
          // What may scroll must be reached with the keyboard.
          tabIndex={many || histMaps.length > 0 ? 0 : undefined}
        >
          {cpus.length > 0 &&
            (many && !rows ? (
              <BufferGrid cpus={cpus} loss={account.loss} />
            ) : (
              <BufferTable cpus={cpus} loss={account.loss} />
            ))}
          {histMaps.length > 0 && (
            <>
              {cpus.length > 0 && <h2 class="hist-title">Hist maps</h2>}
              <HistMapTable maps={histMaps} />
            </>
          )}
        </div>
      )}
      {mode === "hist" && shown && <p class="hist-note">{histNote(account)}</p>}
    </section>
  );
}

interface SummaryProps {
  readonly cpus: readonly CpuStats[];
  readonly loss: Loss;
}

function BuffersSummary({ cpus, loss }: SummaryProps) {
  const urgent = mostUrgent(cpus);
  return (
    <p class="buffers-summary" data-testid="buffers-summary">
      {describeBuffers(cpus)}
      {urgent !== null && (
        <>
          {" · "}
          <span class={`gauge-${urgencyOf(urgent)} gauge-time`}>{describeMostUrgent(urgent)}</span>
        </>
      )}
      {loss.lostEvents > 0 && (
        <>
          {" · "}
          <b class="lossy">{plural(loss.lostEvents, "event")} lost</b>
        </>
      )}
    </p>
  );
}

function histNote(account: Account): string {
  const unknown = peaksKnown(account.totals)
    ? "A peak is the largest net that was read, and the age of objects is not known."
    : "Peaks and the age of objects are not known.";
  return `Mode hist: the target's kernel keeps sums, not events. ${unknown} Unmatched and implied frees are not known either.`;
}
