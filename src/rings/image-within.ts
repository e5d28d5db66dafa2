/** The part of a kernel's image that is left where callers are filtered. */
import type { PlaceFilter } from "../model/caller-filter.ts";
import type { SourceNode } from "../model/source-tree.ts";

export interface ImageFilter extends PlaceFilter {
  readonly kind?: string | undefined;
  readonly task?: string | undefined;
}

/** Undefined where the filter is by more than a place in the source, which is all that an image has in common with callers. */
export function imageWithin(image: SourceNode, { directory = "", ...others }: ImageFilter): SourceNode | undefined {
  if (Object.values(others).some((filter) => filter !== undefined && filter.trim() !== "")) return undefined;
  return cut(
    image,
    directory.split("/").filter((part) => part !== "" && part !== "."),
  );
}

/** What stands beside a chart without the image. */
export const NOT_BY_PLACE = "the image is not shown: it is filtered by directory alone";

/** The node with what is at `path` below it, and figures of no more than that. */
function cut(node: SourceNode, path: readonly string[]): SourceNode {
  if (path.length === 0) return node;
  const [name, ...rest] = path;
  const child = node.children.find((each) => each.name === name && each.kind !== "symbol");
  const part = child === undefined ? undefined : cut(child, rest);
  return {
    name: node.name,
    kind: node.kind,
    ...(part?.static && { static: part.static }),
    children: part === undefined ? [] : [part],
  };
}
