/** The functions that differ, the largest change first; thousands may, of which those in sight are drawn. */
import { Gap } from "../callers/gap.tsx";
import { HEAD_HEIGHT, useVirtualRows } from "../callers/use-virtual-rows.ts";
import { exactBytes, humanBytes, signedBytes } from "../format/bytes.ts";
import { signedCount } from "../format/count.ts";
import type { ComparedFunction } from "./compare-callers.ts";

interface CompareTableProps {
  readonly functions: readonly ComparedFunction[];
  readonly exact: boolean;
  /** Whether the later side is of the past, too. */
  readonly isPast: boolean;
}

const SIGNS: Record<ComparedFunction["status"], string> = {
  grown: "▲ grown",
  new: "+ new",
  shrunk: "▼ shrunk",
  gone: "− gone",
  same: "same",
};

const COLUMNS = 7;

export function CompareTable({ functions, exact, isPast }: CompareTableProps) {
  const { scroller, virtualizer } = useVirtualRows({ count: functions.length });
  const about = exact ? "" : "≈ ";
  const greatest = functions.reduce((most, { delta }) => Math.max(most, Math.abs(delta.netBytes)), 1);
  const items = virtualizer.getVirtualItems().filter(({ index }) => index < functions.length);
  const above = (items.at(0)?.start ?? HEAD_HEIGHT) - HEAD_HEIGHT;
  const below = HEAD_HEIGHT + virtualizer.getTotalSize() - (items.at(-1)?.end ?? HEAD_HEIGHT);
  return (
    <div class="callers-scroll" ref={scroller} tabIndex={0} role="group" aria-label="Functions that differ">
      {functions.length === 0 && <p class="callers-empty">Nothing differs.</p>}
      <table class="compare" data-testid="compare" hidden={functions.length === 0} aria-rowcount={functions.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
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
            <th scope="col">{isPast ? "after" : "now"}</th>
            <th scope="col">objects</th>
          </tr>
        </thead>
        <tbody>
          {above > 0 && <Gap key="above" columns={COLUMNS} height={above} />}
          {items.map(({ index }) => (
            <Row key={index} index={index} of={functions[index]} {...{ greatest, about }} />
          ))}
          {below > 0 && <Gap key="below" columns={COLUMNS} height={below} />}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly index: number;
  readonly of: ComparedFunction;
  /** The bars' full length, bytes. */
  readonly greatest: number;
  readonly about: string;
}

function Row({ index, of: { name, file, status, before, after, delta }, greatest, about }: RowProps) {
  return (
    <tr data-function={name} class={delta.netBytes > 0 ? "more" : "less"} aria-rowindex={index + 2}>
      <th scope="row" class="caller" title={file === undefined ? name : `${name}, ${file}`}>
        {name}
      </th>
      <td class="compare-status">{SIGNS[status]}</td>
      <td title={exactBytes(delta.netBytes)} data-value={delta.netBytes}>
        {about}
        {signedBytes(delta.netBytes)}
      </td>
      <td
        class="compare-bar"
        style={{ "background-size": `${((100 * Math.abs(delta.netBytes)) / greatest).toFixed(1)}% 8px` }}
      />
      <td>{humanBytes(before.netBytes)}</td>
      <td>{humanBytes(after.netBytes)}</td>
      <td data-column="objects">{signedCount(delta.liveObjects)}</td>
    </tr>
  );
}
