/** The shells that targets have, as far as this machine has them. */
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "./temp-dir.ts";

export interface TestShell {
  readonly name: string;
  /** Absolute path of the program. */
  readonly path: string;
  /** Words before its arguments. */
  readonly words: readonly string[];
}

const ALL: readonly TestShell[] = [
  { name: "dash", path: "/usr/bin/dash", words: ["dash"] },
  { name: "bash", path: "/usr/bin/bash", words: ["bash", "--norc"] },
  { name: "busybox", path: "/usr/bin/busybox", words: ["busybox", "sh"] },
  { name: "mksh", path: "/usr/bin/mksh", words: ["mksh"] },
];

/** Those that are installed. Debian's toybox has no sh. */
export const SHELLS = ALL.filter((shell) => existsSync(shell.path));
/** For a test's name: those that are not. */
export const MISSING_SHELLS = ALL.filter((shell) => !SHELLS.includes(shell)).map((shell) => shell.name);

/** A PATH in which `sh` is that shell. `only` names the commands there are besides; all of this machine where not given. */
export function pathWithShell(shell: TestShell, only?: readonly string[]): string {
  const folder = join(tempDir(), "bin");
  mkdirSync(folder);
  symlinkSync(shell.path, join(folder, "sh"));
  symlinkSync(shell.path, join(folder, shell.name));
  if (only === undefined) return `${folder}:${process.env["PATH"] ?? ""}`;
  for (const command of only) {
    if (command !== shell.name) symlinkSync(`/usr/bin/${command}`, join(folder, command));
  }
  return folder;
}
