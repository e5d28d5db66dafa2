/** Frees that raised no event, by /proc/slabinfo: what of the account may be gone. */
import type { Reconciliation } from "../../model/reconciliation.ts";
import { humanBytes } from "../format/bytes.ts";
import { formatCount, plural } from "../format/count.ts";
import { Icon } from "../parts/icon.tsx";
import { Popover } from "../parts/popover.tsx";

export function HiddenFrees({ reconciliation }: { readonly reconciliation: Reconciliation }) {
  const { hiddenFrees, hiddenBytes, groups } = reconciliation;
  const hidden = groups.filter((group) => group.hiddenFrees > 0);
  return (
    <Popover
      testId="hidden-frees"
      class="popover-right"
      title="objects that are gone, by /proc/slabinfo, though no event said so"
      summary={
        <>
          <Icon name="info" />
          {plural(hiddenFrees, "hidden free")}
        </>
      }
    >
      <p class="popover-lead">
        Freed without an event, by /proc/slabinfo: {humanBytes(hiddenBytes)}. Live objects marked ? may be fewer.
      </p>
      <ul class="notes">
        {hidden.map(({ bytesAlloc, hiddenFrees: objects, uncertainty, caches }) => (
          <li key={bytesAlloc}>
            {formatCount(objects)} ± {formatCount(uncertainty)} of {formatCount(bytesAlloc)} bytes (
            {caches.map(({ name }) => name).join(", ")})
          </li>
        ))}
      </ul>
    </Popover>
  );
}
