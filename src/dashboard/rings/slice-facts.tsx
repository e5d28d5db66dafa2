/** What the pointer is on, or the whole chart. */
import type { SourceNode } from "../../model/source-tree.ts";
import { exactBytes, humanBytes } from "../../format/bytes.ts";
import { formatCount, signedCount } from "../format/count.ts";
import { nodeAt, type RingNode } from "../../rings/ring-tree.ts";
import { shareOf } from "../../rings/share.ts";

interface FactsProps {
  readonly root: SourceNode;
  readonly tree: RingNode;
  readonly node: RingNode;
  readonly about: string;
  /** What there is changed in a window. */
  readonly isWindow: boolean;
}

export function SliceFacts({ root, tree, node, about, isWindow }: FactsProps) {
  const source = node.kind === "others" ? undefined : nodeAt(root, node.path);
  const name = node.kind === "others" ? `${node.label} in ${[root.name, ...node.path].join("/")}` : node.path.join("/");
  return (
    <div class="slice-facts" data-testid="slice-facts" aria-live="polite">
      <p class="slice-name">{name === "" ? root.name : name}</p>
      <p>
        <b>
          {about}
          {humanBytes(node.bytes)}
        </b>{" "}
        · {node === tree ? exactBytes(node.bytes) : shareOf(node.bytes, tree.bytes)}
      </p>
      <p class="slice-more">
        {source?.dynamic !== undefined &&
          `${about}${(isWindow ? signedCount : formatCount)(source.dynamic.liveObjects)} live objects · ${formatCount(source.dynamic.allocs)} allocations`}
        {source?.static !== undefined &&
          ` text ${humanBytes(source.static.text)} · data ${humanBytes(source.static.rodata + source.static.data + source.static.bss)}`}
      </p>
    </div>
  );
}
