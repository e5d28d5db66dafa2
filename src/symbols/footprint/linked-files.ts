/**
 * Which source file each piece of a linked image (a vmlinux, a module) is from, by its symbol table. Local symbols stand behind their file's; a global
 * one is of the same file as its neighbours, where both are of one: the linker puts an object's sections down in one go.
 */
import type { Piece } from "./pieces.ts";

/** Index of each piece's file; undefined where the table does not tell. */
export function fileIndicesOf(pieces: readonly Piece[]): readonly (number | undefined)[] {
  const indices = pieces.map(({ fileIndex }) => fileIndex);
  // Pieces of one section follow each other, by address; what no symbol covers is from everywhere.
  for (let from = 0; from < pieces.length;) {
    let to = from + 1;
    while (to < pieces.length && pieces[to].section === pieces[from].section) to += 1;
    fillBetween(pieces, indices, from, to);
    from = to;
  }
  return indices;
}

function fillBetween(pieces: readonly Piece[], indices: (number | undefined)[], from: number, to: number): void {
  let last = -1;
  for (let i = from; i < to; i++) {
    if (indices[i] === undefined) continue;
    if (last >= 0 && indices[last] === indices[i])
      for (let j = last + 1; j < i; j++) if (pieces[j].isLocal === false) indices[j] = indices[i];
    last = i;
  }
}
