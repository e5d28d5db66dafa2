/** What the server is asked for when a row is opened: the sizes it allocates, and the stacks that led there. */
import type { CallerRow, StackRow } from "../../model/snapshot.ts";
import { humanBytes } from "../format/bytes.ts";
import { formatCount } from "../format/count.ts";
import { inside, useInside } from "../inside/inside.ts";
import { Beyond } from "./beyond.tsx";

const MOST_STACKS = 6;
const MOST_SIZES = 12;

interface FactsProps {
  readonly row: CallerRow;
  /** What these are of, where that is more than the row. */
  readonly beyond: string;
}

export function CallerFactsView({ row, beyond }: FactsProps) {
  useInside();
  const { objects, stacks } = inside.value;
  const sizes = objects.state === "known" ? (objects.value.get(row.callSite) ?? []) : [];
  const ways = stacks.state === "known" ? stacksOf(stacks.value, row) : [];
  return (
    <>
      <div class="caller-facts" role="group" aria-label="Sizes" tabIndex={0}>
        <h3>
          Sizes <Beyond of={beyond} />
        </h3>
        {objects.state === "failed" && <p class="details-more">{objects.why}</p>}
        {objects.state === "known" && sizes.length === 0 && <p class="details-more">no live object</p>}
        <ol data-testid="sizes">
          {sizes.slice(0, MOST_SIZES).map(({ kind, bytesReq, bytesAlloc, liveObjects }) => (
            <li key={`${kind} ${bytesReq} ${bytesAlloc}`}>
              {formatCount(liveObjects)} × {humanBytes(bytesReq)}
              {bytesAlloc !== bytesReq && ` in ${humanBytes(bytesAlloc)}`}{" "}
              {kind === "cache" ? "of a cache" : "by kmalloc"}
            </li>
          ))}
          {sizes.length > MOST_SIZES && <li>and {sizes.length - MOST_SIZES} more sizes</li>}
        </ol>
      </div>
      <div class="caller-facts" role="group" aria-label="Stacks" tabIndex={0} data-testid="stacks">
        <h3>
          Stacks <Beyond of={beyond} />
        </h3>
        {stacks.state === "known" && ways.length === 0 && (
          <p class="details-more">
            {stacks.value.length > 0 ? (
              "none of the largest is of this caller"
            ) : (
              <>
                none were taken: start kmemtap with <code class="whole">--stacks</code>
              </>
            )}
          </p>
        )}
        <ol>
          {ways.slice(0, MOST_STACKS).map((stack) => (
            <li key={stack.frames.join()}>
              {humanBytes(stack.netBytes)} in {formatCount(stack.liveObjects)} objects
              <ol class="stack-frames">
                {stack.frames.map((frame, i) => (
                  <li key={i} title={frame}>
                    {functionOnly(frame)}
                  </li>
                ))}
              </ol>
            </li>
          ))}
        </ol>
      </div>
    </>
  );
}

function stacksOf(stacks: readonly StackRow[], { caller }: CallerRow): readonly StackRow[] {
  return stacks.filter((stack) => stack.caller === caller);
}

function functionOnly(frame: string): string {
  return frame.replace(/\+0x.*$/, "");
}
