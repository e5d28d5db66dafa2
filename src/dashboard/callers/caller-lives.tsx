/** Who frees a caller's objects, how long they lived, and how old those are that are alive: of a row that is open. */
import type { CallerRow } from "../../model/snapshot.ts";
import type { CallerLives, Lives } from "../../model/lives.ts";
import { pathOfTarget } from "../api/target-path.ts";
import { useAnswer } from "../api/use-answer.ts";
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { formatCount } from "../format/count.ts";
import { formatSmallSpan, stepsInWords } from "../format/small-span.ts";
import { Beyond } from "./beyond.tsx";

const EVERY_MS = 3000;

interface LivesProps {
  readonly row: CallerRow;
  /** What these are of, where that is more than the row. */
  readonly beyond: string;
}

export function CallerLivesView({ row, beyond }: LivesProps) {
  const answer = useAnswer<Lives>(pathOfTarget(`lives.json?callSite=${encodeURIComponent(row.callSite)}`), EVERY_MS);
  const lives = answer.state === "known" ? answer.value.callers.at(0) : undefined;
  return (
    <div class="caller-facts" role="group" aria-label="Lives" tabIndex={0} data-testid="caller-lives">
      <h3>
        Freed by <Beyond of={beyond} />
      </h3>
      {lives === undefined ? (
        <p class="details-more">
          {answer.state === "known" && "nothing was followed of it"}
          {answer.state === "failed" && "not known: start kmemtap with --lifetimes"}
        </p>
      ) : (
        <Known lives={lives} beyond={beyond} />
      )}
    </div>
  );
}

function Known({ lives, beyond }: Pick<LivesProps, "beyond"> & { readonly lives: CallerLives }) {
  const { freedBy, freedByOthers, lifetimes, ages } = lives;
  return (
    <>
      {freedBy.length === 0 && freedByOthers.objects === 0 && <p class="details-more">nothing was freed</p>}
      <ol data-testid="freed-by">
        {freedBy.map(({ callSite, objects, bytes }) => (
          <li key={callSite} title={exactBytes(bytes)}>
            {formatCount(objects)} by <code>{withoutSize(callSite)}</code>, {humanBytes(bytes)}
          </li>
        ))}
        {freedByOthers.objects > 0 && (
          <li>
            {formatCount(freedByOthers.objects)} by others, {humanBytes(freedByOthers.bytes)}
          </li>
        )}
      </ol>
      <h3>
        Lived <Beyond of={beyond} />
      </h3>
      <Spans
        testId="lifetimes"
        spans={lifetimes}
        none="none of what was allocated since the beginning has been freed"
        first={
          lifetimes.medianS === null
            ? ""
            : `half of ${formatCount(lifetimes.objects)} below about ${formatSmallSpan(lifetimes.medianS)}`
        }
      />
      <h3>
        Age of what is alive <Beyond of={beyond} />
      </h3>
      <Spans
        testId="ages"
        spans={ages}
        none="no live object"
        first={
          `oldest ${formatSmallSpan(ages.oldestS ?? 0)}` +
          (ages.medianS === null ? "" : `, half below about ${formatSmallSpan(ages.medianS)}`)
        }
      />
    </>
  );
}

interface SpansProps {
  readonly testId: string;
  readonly spans: CallerLives["lifetimes"];
  readonly none: string;
  readonly first: string;
}

/** A bar a step, from the first that has any on. */
function Spans({ testId, spans: { objects, steps }, none, first }: SpansProps) {
  if (objects === 0) return <p class="details-more">{none}</p>;
  const from = steps.findIndex((count) => count > 0);
  const shown = steps.slice(from);
  const most = Math.max(...shown);
  return (
    <div data-testid={testId}>
      <p class="details-more">{first}</p>
      <div class="steps" role="img" aria-label={stepsInWords(steps)}>
        {shown.map((count, i) => (
          <span
            key={from + i}
            title={stepsInWords(steps, from + i)}
            style={{ height: `${count === 0 ? 0 : Math.max(6, (100 * count) / most)}%` }}
          />
        ))}
      </div>
    </div>
  );
}

function withoutSize(callSite: string): string {
  return callSite.replace(/\/0x[0-9a-f]+/, "");
}
