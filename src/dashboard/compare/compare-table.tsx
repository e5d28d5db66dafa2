/** The functions that differ, the largest change first. */
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { formatCount } from "../format/count.ts";
import type { ComparedFunction } from "./compare-callers.ts";

/** Who wants the last of thousands of changes filters. */
const MOST = 300;

interface CompareTableProps {
  readonly functions: readonly ComparedFunction[];
  readonly exact: boolean;
}

const SIGNS: Record<ComparedFunction["status"], string> = {
  grown: "▲ grown",
  new: "+ new",
  shrunk: "▼ shrunk",
  gone: "− gone",
  same: "same",
};

export function CompareTable({ functions, exact }: CompareTableProps) {
  const about = exact ? "" : "≈ ";
  const greatest = functions.reduce((most, { delta }) => Math.max(most, Math.abs(delta.netBytes)), 1);
  if (functions.length === 0) return <p class="callers-empty">Nothing differs.</p>;
  return (
    <div class="callers-scroll" tabIndex={0} role="group" aria-label="Functions that differ">
      <table class="compare" data-testid="compare">
        <thead>
          <tr>
            <th scope="col" class="caller">
              function
            </th>
            <th scope="col" class="compare-status">
              what
            </th>
            <th scope="col">net change</th>
            <th scope="col" class="compare-bar">
              <span class="visually-hidden">bar</span>
            </th>
            <th scope="col">before</th>
            <th scope="col">now</th>
            <th scope="col">objects</th>
          </tr>
        </thead>
        <tbody>
          {functions.slice(0, MOST).map(({ name, file, status, before, after, delta }) => (
            <tr key={`${name} ${file ?? ""}`} data-function={name} class={delta.netBytes > 0 ? "more" : "less"}>
              <th scope="row" class="caller" title={file}>
                {name}
              </th>
              <td class="compare-status">{SIGNS[status]}</td>
              <td title={exactBytes(delta.netBytes)} data-value={delta.netBytes}>
                {about}
                {delta.netBytes > 0 ? "+" : ""}
                {humanBytes(delta.netBytes)}
              </td>
              <td class="compare-bar">
                <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                  <rect height="8" width={(Math.abs(delta.netBytes) / greatest) * 100} />
                </svg>
              </td>
              <td>{humanBytes(before.netBytes)}</td>
              <td>{humanBytes(after.netBytes)}</td>
              <td>
                {delta.liveObjects > 0 ? "+" : ""}
                {formatCount(delta.liveObjects)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {functions.length > MOST && (
        <p class="callers-empty">and {formatCount(functions.length - MOST)} smaller changes</p>
      )}
    </div>
  );
}
