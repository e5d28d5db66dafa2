/** The source file that an object was compiled from. */
import { access, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

const SOURCE_ENDS = [".c", ".S", ".rs"];

/**
 * The ending of what lies beside the object; where the build is apart from the sources (O=), of what its command names. Undefined for what
 * was linked of several (`ext4.o`, `vmlinux.o`).
 *
 * @param path of the object
 * @param stem the same from the build's root on, without `.o`: by this end of its path a command's source is its own
 */
export async function sourceEndOf(path: string, stem: string): Promise<string | undefined> {
  for (const end of SOURCE_ENDS) if (await isThere(path.replace(/\.o$/, end))) return end;
  // `source_fs/inode.o := ../fs/inode.c` (scripts/basic/fixdep.c)
  const command = join(dirname(path), `.${basename(path)}.cmd`);
  const text = await readFile(command, "utf8").catch(() => "");
  const source = /^source_\S+ := (\S+)$/m.exec(text)?.[1];
  return SOURCE_ENDS.find((end) => source === stem + end || source?.endsWith(`/${stem}${end}`) === true);
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** A module's source files in the order of its linking, without endings, from `fat.mod` beside it: `fs/fat/cache`. Empty where it is not there. */
export async function moduleMembers(modulePath: string): Promise<readonly string[]> {
  const text = await readFile(modulePath.replace(/\.ko$/, ".mod"), "utf8").catch(() => "");
  // All in the first line before 5.19; what follows there is no object.
  return text.split(/\s+/).flatMap((name) => (name.endsWith(".o") ? [name.slice(0, -2)] : []));
}
