/** A tree as little JSON, for a page that carries it: lists instead of names. */
import type { SourceNode } from "../model/source-tree.ts";

const KINDS = ["directory", "file", "symbol"] as const satisfies readonly SourceNode["kind"][];

/** Name, kind (its place in {@link KINDS}), static and dynamic figures (0 where unknown), what is below. */
export type CompactNode = [
  name: string,
  kind: number,
  image: [text: number, rodata: number, data: number, bss: number] | 0,
  capture: [netBytes: number, totalBytes: number, wasteBytes: number, liveObjects: number, allocs: number] | 0,
  children: CompactNode[],
];

export function compacted({ name, kind, static: image, dynamic, children }: SourceNode): CompactNode {
  return [
    name,
    KINDS.indexOf(kind),
    image === undefined ? 0 : [image.text, image.rodata, image.data, image.bss],
    dynamic === undefined
      ? 0
      : [dynamic.netBytes, dynamic.totalBytes, dynamic.wasteBytes, dynamic.liveObjects, dynamic.allocs],
    children.map(compacted),
  ];
}

export function unpacked([name, kind, image, capture, children]: CompactNode): SourceNode {
  return {
    name,
    kind: KINDS[kind],
    ...(image !== 0 && { static: { text: image[0], rodata: image[1], data: image[2], bss: image[3] } }),
    ...(capture !== 0 && {
      dynamic: {
        netBytes: capture[0],
        totalBytes: capture[1],
        wasteBytes: capture[2],
        liveObjects: capture[3],
        allocs: capture[4],
      },
    }),
    children: children.map(unpacked),
  };
}
