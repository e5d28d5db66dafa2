/** Which function of an image a call site names. Static functions may share a name: their size and the offset tell them apart. */
import type { NamedSite } from "../model/call-site-text.ts";
import type { ImageFunction, ImageSymbols } from "./image-symbols.ts";

export interface FoundFunctions {
  /** None where there is no such function, several where nothing tells them apart. */
  readonly candidates: readonly ImageFunction[];
  /** Whether the size is the one that was printed; undefined where none was. */
  readonly sizeFits: boolean | undefined;
}

export function findFunction(symbols: ImageSymbols, { symbol, offset, size }: NamedSite): FoundFunctions {
  const holding = (functions: readonly ImageFunction[]) => functions.filter((f) => offset <= lengthOf(f));
  const fitting = (functions: readonly ImageFunction[]) => functions.filter((f) => lengthOf(f) === size);
  const named = holding(symbols.named(symbol));
  if (size === undefined) return { candidates: named, sizeFits: undefined };
  const exact = fitting(named);
  if (exact.length > 0) return { candidates: exact, sizeFits: true };
  // Kernels with LTO print names without what the compiler added to them.
  if (named.length === 0) return { candidates: fitting(holding(symbols.ofSourceName(symbol))), sizeFits: true };
  return { candidates: named.length === 1 ? named : [], sizeFits: false };
}

function lengthOf({ address, end }: ImageFunction): number {
  return Number(end - address);
}
