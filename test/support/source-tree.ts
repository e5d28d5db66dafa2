/** The small built kernel tree of scripts/fixtures/source-tree.sh, and what looks call sites up in it. */
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { ELF_MAGIC } from "../../src/symbols/elf/read-elf.ts";
import { findSymbolizer } from "../../src/symbols/llvm/find-symbolizer.ts";
import { SourceFinder, type SourceFinderOptions } from "../../src/symbols/source-finder.ts";
import { openRandomAccess } from "../../src/transport/random-access.ts";

export const TREE = fileURLToPath(new URL("../symbols/tree", import.meta.url));
export const RELEASE = "6.1.0-tiny";
export const BUILD_ID = "00112233445566778899aabbccddeeff00112233";
export const symbolizer = await findSymbolizer();

export async function openFile(path: string) {
  const file = await openRandomAccess(path, ELF_MAGIC);
  if (file === undefined) throw new Error(`${path} is no ELF file`);
  return file;
}

/** Closed when the test is over. */
export async function finderIn(kernel = TREE, options: Partial<SourceFinderOptions> = {}): Promise<SourceFinder> {
  const capture = { release: RELEASE };
  const finder = await SourceFinder.open({ kernel, capture, open: openFile, symbolizer, ...options });
  onTestFinished(() => finder.close());
  return finder;
}
