/** A source tree as it grows, a piece after the other. */
import type { SizeNode } from "../../model/size.ts";
import type { SourceNode, StaticBytes } from "../../model/source-tree.ts";
import { noBytes, type SectionGroup } from "./section-group.ts";

export interface Placed {
  readonly name: string;
  readonly group: SectionGroup;
  readonly bytes: number;
}

interface Growing {
  readonly kind: SourceNode["kind"];
  readonly held: ReturnType<typeof noBytes>;
  readonly children: Map<string, Growing>;
  /** How many symbols of a name came. */
  readonly seen: Map<string, number>;
}

/** Deeper than any source tree; a damaged archive may name anything. */
const MAX_DEPTH = 64;

export class GrowingTree {
  readonly #root = grow("directory");

  get totals(): StaticBytes {
    return { ...this.#root.held };
  }

  /**
   * @param path of the source file, from the root on: `fs/ext4/inode.c`
   * @param isFile false where what holds the piece is no file, as `(unattributed)`
   */
  add(path: string, { name, group, bytes }: Placed, isFile = true): void {
    let node = this.#root;
    node.held[group] += bytes;
    const split = path.split("/").filter((part) => part !== "" && part !== ".");
    const parts = split.length > MAX_DEPTH ? [split.join("/")] : split;
    parts.forEach((part, i) => {
      node = childOf(node, part, isFile && i === parts.length - 1 ? "file" : "directory");
      node.held[group] += bytes;
    });
    childOf(node, freeName(node, name), "symbol").held[group] += bytes;
  }

  finish(name: string): SizeNode {
    return finished(name, this.#root);
  }
}

function grow(kind: SourceNode["kind"]): Growing {
  return { kind, held: noBytes(), children: new Map(), seen: new Map() };
}

/** A directory and a file of one name (`fs.c` as a directory is nobody's, but bytes must not vanish) are two. */
function childOf({ children }: Growing, name: string, kind: SourceNode["kind"]): Growing {
  const key = `${kind[0]}${name}`;
  const known = children.get(key);
  if (known !== undefined) return known;
  const child = grow(kind);
  children.set(key, child);
  return child;
}

/** Static functions of one name in one place are told apart; what is left of an object's sections of one name is one. */
function freeName({ seen }: Growing, name: string): string {
  if (name.startsWith("(")) return name;
  const times = (seen.get(name) ?? 0) + 1;
  seen.set(name, times);
  return times === 1 ? name : `${name}#${times}`;
}

function finished(name: string, { kind, held, children }: Growing): SizeNode {
  const below = [...children].map(([key, child]) => finished(key.slice(1), child));
  return { name, kind, static: held, children: below.sort(byName) };
}

function byName(a: SourceNode, b: SourceNode): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
