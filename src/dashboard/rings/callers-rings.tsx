/** Who holds memory as rings: by directory, file and function where the source is known, else by module and function. */
import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { RingAttribute } from "../../model/source-tree.ts";
import { moduleTreeOf } from "../../rings/module-tree.ts";
import { joinTrees, sourceTreeOf } from "../../rings/source-tree.ts";
import { useReading } from "../callers/use-reading.ts";
import { Icon } from "../parts/icon.tsx";
import type { Account } from "../state/page-state.ts";
import { AttributeChoice } from "./attribute-choice.tsx";
import { RingsExplorer } from "./rings-explorer.tsx";
import { useFootprint } from "./use-footprint.ts";
import { useSteady } from "./use-steady.ts";

/** A slice that moves five times a second cannot be read, nor clicked. */
const REDRAW_MS = 1000;

interface CallersRingsProps {
  readonly account: Account;
  readonly viewChoice: ComponentChildren;
}

export function CallersRings({ account, viewChoice }: CallersRingsProps) {
  const [attribute, setAttribute] = useState<RingAttribute>("current_dynamic");
  const { reading, focus, handlers } = useReading();
  const callers = useSteady(account.callers, reading, REDRAW_MS);
  const name = account.target.release ?? "kernel";
  const bySource = useMemo(
    () => [...callers.values()].some(({ source }) => (source?.file ?? null) !== null),
    [callers],
  );
  const image = useFootprint(bySource && (attribute === "current" || attribute === "static"));
  const root = useMemo(() => {
    if (!bySource) return moduleTreeOf(callers.values(), name);
    const dynamic = sourceTreeOf({ callers: [...callers.values()] }, name);
    return image.state === "known" ? joinTrees(dynamic, image.tree) : dynamic;
  }, [callers, name, bySource, image]);
  return (
    <section class="callers" aria-label="Callers as rings">
      <div class="section-head">
        <h2>Callers</h2>
        {viewChoice}
        <AttributeChoice attribute={attribute} onAttribute={setAttribute} />
        <p class="held" role="status">
          {image.state === "measuring" && "the kernel's image is being measured "}
          {image.state === "failed" && `no image: ${image.why} `}
          {reading && (
            <>
              <Icon name="pause" />
              held while you read{focus && " · Tab away releases"}
            </>
          )}
        </p>
      </div>
      <div class="rings-room" {...handlers}>
        <RingsExplorer root={root} attribute={attribute} exact={account.exact} />
      </div>
    </section>
  );
}
