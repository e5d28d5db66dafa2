/** Where captures are kept: outside git (a gigabyte of this machine's own pointers), one directory per kind of input. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** @param {string} kind e.g. `kernel`, `fixture` */
export function cacheDirectory(kind) {
  const root = process.env.KMEMTAP_CACHE ?? join(homedir(), ".cache/kmemtap");
  return join(root, "bench", kind);
}

/** facts.json is written last, so that its presence says that the capture beside it is whole. */
export function readFacts(directory) {
  const file = join(directory, "facts.json");
  if (!existsSync(file) || !existsSync(join(directory, "trace.txt"))) return null;
  return JSON.parse(readFileSync(file, "utf8"));
}

export function writeFacts(directory, facts) {
  writeFileSync(join(directory, "facts.json"), `${JSON.stringify(facts, null, 2)}\n`);
}
