/** Who holds memory as rings: the callers of the account, by module and function. */
import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { RingAttribute } from "../../model/source-tree.ts";
import { moduleTreeOf } from "../../rings/module-tree.ts";
import { useReading } from "../callers/use-reading.ts";
import { Icon } from "../parts/icon.tsx";
import type { Account } from "../state/page-state.ts";
import { AttributeChoice } from "./attribute-choice.tsx";
import { RingsExplorer } from "./rings-explorer.tsx";
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
  const root = useMemo(() => moduleTreeOf(callers.values(), name), [callers, name]);
  return (
    <section class="callers" aria-label="Callers as rings">
      <div class="section-head">
        <h2>Callers</h2>
        {viewChoice}
        <AttributeChoice attribute={attribute} onAttribute={setAttribute} />
        <p class="held" role="status">
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
