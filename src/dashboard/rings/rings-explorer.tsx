/** A tree to look around in: the rings, where one is in the tree, what the pointer is on, and the same as a list. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { RingAttribute, SourceNode } from "../../model/source-tree.ts";
import { humanBytes } from "../../format/bytes.ts";
import { ATTRIBUTE_WORDS, lackOf, WINDOW_WORDS } from "../../rings/attribute-words.ts";
import { shadesOf } from "../../rings/neighbour-shades.ts";
import { nodeAt, type RingNode, ringTreeOf } from "../../rings/ring-tree.ts";
import { shareOf } from "../../rings/share.ts";
import { RingsLists } from "./rings-list.tsx";
import { RingsView } from "./rings-view.tsx";
import { SliceFacts } from "./slice-facts.tsx";

/** Of what is drawn: the least arc would be that part of a ring of 1,600 pixels. Of thousands of slices most are smaller. */
const LEAST_SHARE = 1 / 2500;

interface ExplorerProps {
  readonly root: SourceNode;
  readonly attribute: RingAttribute;
  readonly branch?: readonly string[];
  readonly exact: boolean;
  /** The tree is of what grew in a window. */
  readonly isWindow?: boolean;
}

export function RingsExplorer({ root, attribute, branch = [], exact, isWindow = false }: ExplorerProps) {
  const [wanted, setPath] = useState<readonly string[]>(branch);
  const [pointed, setPointed] = useState<RingNode | null>(null);
  // What was there a snapshot ago may have gone with its module or its run.
  const path = useMemo(() => (nodeAt(root, wanted) === undefined ? [] : wanted), [root, wanted]);
  const tree = useMemo(() => ringTreeOf(root, attribute, path), [root, attribute, path]);
  const shade = useMemo(() => shadesOf(tree, LEAST_SHARE), [tree]);
  useEffect(() => setPointed(null), [tree.path]);

  // The image loses no events.
  const about = exact || attribute === "static" ? "" : "≈";
  const words = (isWindow ? WINDOW_WORDS[attribute] : undefined) ?? ATTRIBUTE_WORDS[attribute];
  const lack = lackOf(root, attribute);
  const describe = (node: RingNode) =>
    `${[...node.path, ...(node.kind === "others" ? [node.label] : [])].join("/")}: ${about}${humanBytes(node.bytes)}, ${shareOf(node.bytes, tree.bytes)}`;
  const out = path.length === 0 ? null : () => setPath(path.slice(0, -1));

  return (
    <div class="rings">
      <div class="rings-picture">
        <nav class="rings-path" aria-label="Place in the tree">
          {[root.name, ...path].map((name, depth) => (
            <span key={depth}>
              {depth > 0 && " / "}
              {depth === path.length ? (
                <b>{name}</b>
              ) : (
                <button type="button" class="chip" onClick={() => setPath(path.slice(0, depth))}>
                  {name}
                </button>
              )}
            </span>
          ))}
          {lack !== undefined && <span class="rings-lack">{lack}</span>}
        </nav>
        <RingsView
          tree={tree}
          shade={shade}
          figure={`${about}${humanBytes(tree.bytes)}`}
          brief={tree.bytes > 0 ? words.brief : (lack ?? "nothing to show")}
          describe={describe}
          onZoom={({ path: to }) => setPath(to)}
          onOut={out}
          onPoint={setPointed}
        />
      </div>
      <div class="rings-side">
        <SliceFacts root={root} tree={tree} node={pointed ?? tree} about={about} isWindow={isWindow} />
        <RingsLists
          tree={tree}
          shade={shade}
          about={about}
          pointed={pointed}
          onZoom={({ path: to }) => setPath(to)}
          onPoint={setPointed}
        />
      </div>
    </div>
  );
}
