/** The llvm-symbolizer of this machine. */
import { execFile } from "node:child_process";
import { accessSync, constants, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

export interface FoundSymbolizer {
  readonly path: string;
  /** `14.0.6` */
  readonly version: string;
  /** LLVM 13 and later. */
  readonly json: boolean;
  /** Says where variables are declared: LLVM 15 and later. */
  readonly declares: boolean;
}

const VERSION_MS = 10_000;
const FIRST_WITH_JSON = 13;
const FIRST_TO_DECLARE = 15;

/**
 * `llvm-symbolizer`, else the newest `llvm-symbolizer-N` of the PATH, else the newest of /usr/lib/llvm-N; one that says where variables are
 * declared before one that does not. Undefined where there is none that runs.
 */
export async function findSymbolizer(env: NodeJS.ProcessEnv = process.env): Promise<FoundSymbolizer | undefined> {
  let first: FoundSymbolizer | undefined;
  for (const path of candidates((env["PATH"] ?? "").split(":"))) {
    const version = await versionOf(path);
    if (version === undefined) continue;
    const major = Number.parseInt(version);
    const found = { path, version, json: major >= FIRST_WITH_JSON, declares: major >= FIRST_TO_DECLARE };
    if (found.declares) return found;
    first ??= found;
  }
  return first;
}

function candidates(folders: readonly string[]): string[] {
  const plain: string[] = [];
  const numbered: { path: string; version: number }[] = [];
  for (const folder of folders.filter((name) => name !== "")) {
    for (const name of namesIn(folder)) {
      const match = /^llvm-symbolizer(?:-(\d+))?$/.exec(name);
      if (match === null) continue;
      const version = match.at(1);
      if (version === undefined) plain.push(join(folder, name));
      else numbered.push({ path: join(folder, name), version: Number(version) });
    }
  }
  for (const name of namesIn(DEBIAN_FOLDER)) {
    const version = /^llvm-(\d+)$/.exec(name)?.[1];
    if (version === undefined) continue;
    numbered.push({ path: join(DEBIAN_FOLDER, name, "bin", "llvm-symbolizer"), version: Number(version) });
  }
  const newestFirst = numbered.sort((a, b) => b.version - a.version).map(({ path }) => path);
  const programs = [...plain, ...newestFirst].filter(isExecutable);
  // One program has several names, in Debian three.
  const real = programs.map((path) => realpathSync(path));
  return programs.filter((_, i) => real.indexOf(real[i]) === i);
}

const DEBIAN_FOLDER = "/usr/lib";

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(path, ["--version"], { timeout: VERSION_MS });
    return /version (\d+[.\d]*)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}
