/** The same as lists: every name of the first ring, also of what is too small to be drawn, and the largest at the tips. */
import { useMemo } from "preact/hooks";
import { humanBytes } from "../../format/bytes.ts";
import type { Shade } from "../../rings/ring-colours.ts";
import type { RingNode } from "../../rings/ring-tree.ts";
import { largestLeaves } from "../../rings/largest-leaves.ts";
import { shareOf } from "../../rings/share.ts";
import { useColourScheme } from "../chart/use-colour-scheme.ts";

/** A list of thousands would take longer to lay out than the chart; who wants the last of them has the table. */
const MOST = 200;

interface ListProps {
  readonly tree: RingNode;
  readonly shade: (node: RingNode) => Shade;
  readonly about: string;
  readonly pointed: RingNode | null;
  readonly onZoom: (node: RingNode) => void;
  readonly onPoint: (node: RingNode | null) => void;
}

export function RingsLists(props: ListProps) {
  const { tree, onPoint } = props;
  // Of thousands: not once more for each slice that the pointer crosses.
  const leaves = useMemo(() => largestLeaves(tree), [tree]);
  return (
    <div class="rings-lists" onPointerLeave={() => onPoint(null)}>
      <RingsList {...props} nodes={tree.children.slice(0, MOST)} />
      {tree.children.length > MOST && <p class="rings-more">and {tree.children.length - MOST} smaller</p>}
      {leaves.length > 0 && <h3>Largest</h3>}
      {leaves.length > 0 && <RingsList {...props} nodes={leaves} />}
    </div>
  );
}

function RingsList({
  tree,
  shade,
  nodes,
  about,
  pointed,
  onZoom,
  onPoint,
}: ListProps & { readonly nodes: readonly RingNode[] }) {
  const scheme = useColourScheme();
  return (
    <ol>
      {nodes.map((node) => {
        const key = node.path.join("/");
        return (
          <li
            key={key}
            class={pointed !== null && isWithin(pointed, node) ? "rings-row rings-row-pointed" : "rings-row"}
            onPointerEnter={() => onPoint(node)}
          >
            <svg class="rings-swatch" viewBox="0 0 10 10" aria-hidden="true">
              <rect width="10" height="10" rx="2" fill={shade(node)[scheme]} />
            </svg>
            {node.children.length > 0 ? (
              <button type="button" class="sort" onClick={() => onZoom(node)}>
                {node.label}
              </button>
            ) : (
              <span title={key}>{node.label}</span>
            )}
            <span class="rings-bytes">
              {about}
              {humanBytes(node.bytes)}
            </span>
            <span class="rings-share">{shareOf(node.bytes, tree.bytes)}</span>
          </li>
        );
      })}
    </ol>
  );
}

/** True for a slice that is, or lies outside of, the node of a row. */
function isWithin(pointed: RingNode, { path }: RingNode): boolean {
  return path.every((name, index) => pointed.path[index] === name);
}
