/** Small build directories, laid out as kbuild leaves them, made of test/symbols/elf/objects. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { objectPath } from "./elf-objects.ts";
import { tempDir } from "./temp-dir.ts";

/** @param files path in the tree, and what it is a copy of: a stored object's name, or text after "text:" */
export function buildDirectory(files: Readonly<Record<string, string>>): string {
  const dir = tempDir();
  for (const [path, content] of Object.entries(files)) {
    const target = join(dir, path);
    mkdirSync(dirname(target), { recursive: true });
    if (content.startsWith("text:")) writeFileSync(target, content.slice("text:".length));
    else copyFileSync(objectPath(content), target);
  }
  return dir;
}
