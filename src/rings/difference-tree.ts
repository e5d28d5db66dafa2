/** Two trees as one: what grew, shrank, came and went between them. */
import { bytesOf, type RingAttribute, type SourceNode } from "../model/source-tree.ts";
import { byBytes, type Change, joinChain, nodeAt, type RingNode } from "./ring-tree.ts";

export const CHANGE_KINDS = ["new", "grown", "mixed", "shrunk", "gone"] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/**
 * Angles by how much changed below, grown and shrunk alike (`bytes`); every node has its `change`. Places are matched by their names from the root down; those that did not change are left out.
 *
 * @param path where the chart begins; it may be in one of the trees alone
 */
export function differenceTreeOf(
  before: SourceNode,
  after: SourceNode,
  attribute: RingAttribute,
  path: readonly string[] = [],
): RingNode & { readonly change: Change } {
  const [a, b] = [nodeAt(before, path), nodeAt(after, path)];
  if (a === undefined && b === undefined) throw new RangeError(`no ${path.join("/")} in either tree`);
  return differenceOf(a, b, attribute, path);
}

function differenceOf(
  before: SourceNode | undefined,
  after: SourceNode | undefined,
  attribute: RingAttribute,
  path: readonly string[],
): RingNode & { readonly change: Change } {
  const change = {
    before: before === undefined ? 0 : bytesOf(before, attribute),
    after: after === undefined ? 0 : bytesOf(after, attribute),
  };
  const one = after ?? before;
  const pairs = new Map<string, [SourceNode | undefined, SourceNode | undefined]>();
  for (const child of before?.children ?? []) pairs.set(child.name, [child, undefined]);
  for (const child of after?.children ?? []) pairs.set(child.name, [pairs.get(child.name)?.[0], child]);

  const children: RingNode[] = [];
  // What a directory has of its own, or a file that its symbols do not explain, may change as well.
  let own = change.after - change.before;
  for (const [name, [a, b]] of pairs) {
    const child = differenceOf(a, b, attribute, [...path, name]);
    own -= child.change.after - child.change.before;
    if (child.bytes > 0) children.push(joinChain(child));
  }
  const bytes = children.reduce((sum, child) => sum + child.bytes, Math.abs(own));
  return {
    path,
    label: one?.name ?? "",
    kind: one?.kind ?? "directory",
    bytes,
    children: children.sort(byBytes),
    change,
  };
}

/** `mixed` is where what grew and what shrank below it make up for each other, by half or more. */
export function changeKindOf({ change: { before, after } = { before: 0, after: 0 }, bytes }: RingNode): ChangeKind {
  if (before === 0 && after > 0) return "new";
  if (after === 0 && before > 0) return "gone";
  const net = after - before;
  if (Math.abs(net) * 2 <= bytes) return "mixed";
  return net > 0 ? "grown" : "shrunk";
}
