/** Which source file each piece of a vmlinux is from: by debug information where there is some, else by its symbol table. */
import { basename } from "node:path";
import { UNKNOWN_FOLDER } from "../../model/source-tree.ts";
import { isHeader } from "../source-path.ts";
import { fileIndicesOf } from "./linked-files.ts";
import type { Pieces } from "./pieces.ts";

/**
 * Source files by debug information, from the kernel tree's root on (`fs/ext4/inode.c`), of functions at these addresses of an image; undefined
 * where it has none; or of variables (`data`), where it can tell. Asked once of either, of functions first.
 */
export type SourceOf = (
  image: string,
  addresses: readonly bigint[],
  about: "code" | "data",
) => Promise<readonly (string | undefined)[]>;

/** @returns undefined for what is in no file */
export async function imagePaths(
  image: string,
  { pieces, files }: Pieces,
  sourceOf: SourceOf | undefined,
): Promise<readonly (string | undefined)[]> {
  const indices = fileIndicesOf(pieces);
  const functions = pieces.flatMap(({ isLocal, group }, i) => (isLocal !== undefined && group === "text" ? [i] : []));
  const addresses = functions.map((i) => pieces[i].address);
  const answers = await sourceOf?.(image, addresses, "code");
  const sources = new Map(functions.map((i, at) => [i, answers?.at(at)]));
  const filePaths = pathsOfFiles(files, indices, sources);
  const paths = pieces.map((_, i) => {
    const index = indices[i];
    const source = sources.get(i);
    // An inline function that was not inlined is of the file that it was compiled with.
    if (source !== undefined && !isHeader(source)) return source;
    return index === undefined ? source : (filePaths.get(index) ?? `${UNKNOWN_FOLDER}/${files[index]}`);
  });
  const homeless = pieces.flatMap(({ isLocal, group }, i) =>
    isLocal !== undefined && group !== "text" && (paths[i]?.startsWith(`${UNKNOWN_FOLDER}/`) ?? true) ? [i] : [],
  );
  const declared = await sourceOf?.(
    image,
    homeless.map((i) => pieces[i].address),
    "data",
  );
  for (const [at, i] of homeless.entries()) paths[i] = declared?.at(at) ?? paths[i];
  return paths;
}

/** A file's functions tell the directory of its data as well. */
function pathsOfFiles(
  files: readonly string[],
  indices: readonly (number | undefined)[],
  sources: ReadonlyMap<number, string | undefined>,
): ReadonlyMap<number, string> {
  const paths = new Map<number, string>();
  for (const [i, source] of sources) {
    const index = indices[i];
    if (index !== undefined && source !== undefined && basename(source) === files[index]) paths.set(index, source);
  }
  return paths;
}
