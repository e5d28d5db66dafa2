/** Who holds memory as rings: by directory, file and function where the source is known, else by module and function. */
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import type { CallerRow } from "../../model/snapshot.ts";
import { ATTRIBUTE_WORDS, WINDOW_WORDS } from "../../rings/attribute-words.ts";
import { imageWithin, NOT_BY_PLACE } from "../../rings/image-within.ts";
import { moduleTreeOf } from "../../rings/module-tree.ts";
import { joinTrees, sourceTreeOf } from "../../rings/source-tree.ts";
import { filterCallers } from "../callers/filter-callers.ts";
import { useReading } from "../callers/use-reading.ts";
import { Icon } from "../parts/icon.tsx";
import type { Account } from "../state/page-state.ts";
import { changeView, view } from "../view/view-store.ts";
import type { Scope } from "../window/scope.ts";
import { AttributeChoice } from "./attribute-choice.tsx";
import { RingsExplorer } from "./rings-explorer.tsx";
import { useFootprint } from "./use-footprint.ts";
import { useSteady } from "./use-steady.ts";

/** A slice that moves five times a second cannot be read, nor clicked. */
const REDRAW_MS = 1000;

const HELD = "the picture is held while you read; the pointer elsewhere, or Tab out of it, releases it";

interface CallersRingsProps {
  readonly account: Account;
  readonly scope: Scope;
  readonly viewChoice: ComponentChildren;
}

/** A ring has no room for less than nothing: in a window it is of those that grew. */
function grownOnly(callers: CallerRow[], { kind }: Scope): CallerRow[] {
  return kind !== "window" ? callers : callers.filter(({ netBytes }) => netBytes > 0);
}

export function CallersRings({ account, scope, viewChoice }: CallersRingsProps) {
  const { attribute: chosen, filter, task } = view.value;
  const isWindow = scope.kind === "window";
  const words = isWindow ? WINDOW_WORDS : ATTRIBUTE_WORDS;
  const attribute = words[chosen] === undefined ? "current_dynamic" : chosen;
  const { reading, focus, handlers } = useReading();
  const steady = useSteady(scope.callers, reading, REDRAW_MS);
  const callers = useMemo(() => grownOnly(filterCallers(steady.values(), filter), scope), [steady, filter, scope.kind]);
  const name = account.target.release ?? "kernel";
  const bySource = useMemo(() => callers.some(({ source }) => (source?.file ?? null) !== null), [callers]);
  const image = useFootprint(bySource && (attribute === "current" || attribute === "static"));
  const part = useMemo(
    () => (image.state === "known" ? imageWithin(image.tree, { ...filter, task: task ?? "" }) : undefined),
    [image, filter, task],
  );
  const root = useMemo(() => {
    if (!bySource) return moduleTreeOf(callers, name);
    const dynamic = sourceTreeOf({ callers }, name);
    return part === undefined ? dynamic : joinTrees(dynamic, part);
  }, [callers, name, bySource, part]);
  const { exact } = account;
  // The same element is not looked into: an update that moves no slice draws none.
  const explorer = useMemo(
    () => <RingsExplorer {...{ root, attribute, exact, isWindow }} />,
    [root, attribute, exact, isWindow],
  );
  return (
    <section class="callers" aria-label="Callers as rings">
      <div class="section-head">
        <h2>Callers</h2>
        {viewChoice}
        <AttributeChoice {...{ attribute, words }} onAttribute={(next) => changeView({ attribute: next })} />
        {isWindow && <p class="callers-count">of those that grew in the window</p>}
        {/* Its room is kept: a line that comes and goes would give the picture another size under the pointer. */}
        <p class="held held-room" role="status" title={HELD}>
          {image.state === "measuring" && "the kernel's image is being measured "}
          {image.state === "failed" && `no image: ${image.why} `}
          {image.state === "known" && part === undefined && `${NOT_BY_PLACE} `}
          {reading && (
            <>
              <Icon name="pause" />
              {focus ? "held · Tab" : "held"}
            </>
          )}
        </p>
      </div>
      <div class="rings-room" {...handlers}>
        {explorer}
      </div>
    </section>
  );
}
