/** An image's source files by its debug information. */
import { fromRoot, otherRootOf, rootOf } from "../source-path.ts";
import type { Symbolizer } from "../llvm/symbolizer.ts";
import type { SourceOf } from "./image-paths.ts";

/** So many questions are handed over at a time: a kernel has 60,000 functions. */
const BATCH = 4096;

/**
 * @param data where there is one that knows where variables are declared; to be asked after the functions, which tell the root
 * @param onAsked told before each batch how many addresses were looked up, of how many
 */
export function sourcesBy(
  code: Pick<Symbolizer, "ask">,
  data?: Pick<Symbolizer, "ask">,
  onAsked?: (done: number, of: number) => void,
): SourceOf {
  let root: string | undefined;
  return async (file, addresses, about) => {
    const symbolizer = about === "code" ? code : data;
    const files: (string | undefined)[] = [];
    for (let from = 0; from < addresses.length; from += BATCH) {
      onAsked?.(from, addresses.length);
      const places = addresses.slice(from, from + BATCH).map((address) => ({ file, address }));
      // The last frame is the function itself, those before it were inlined where it begins.
      for (const frames of (await symbolizer?.ask(places)) ?? []) files.push(frames?.at(-1)?.file ?? undefined);
    }
    // Every kernel has init/main.c: where that lies is the root.
    root ??= files.map((path) => (path === undefined ? undefined : rootOf(path))).find((path) => path !== undefined);
    const inTree = files.map((path) => (path === undefined ? undefined : fromRoot(path, root)));
    const other = otherRootOf([...new Set(inTree.filter((path) => path !== undefined))]);
    return inTree.map((path) => {
      if (path === undefined) return undefined;
      // Of a place without lines the symbolizer has a name alone, from the symbol table, where its reader has it from as well.
      const file = fromRoot(path, other);
      return file.includes("/") ? file : undefined;
    });
  };
}
