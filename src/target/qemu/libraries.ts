/** A program of this machine with all that it needs to start in a guest. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { KmemtapError, messageOf } from "../../model/errors.ts";

/**
 * Files for a guest: `program` at its own path, the libraries it is linked with and the dynamic linker at theirs, as `ldd`
 * tells. A static program comes alone.
 *
 * @throws {KmemtapError} `target/failed` where the program is not there
 */
export async function withLibraries(program: string): Promise<Record<string, string>> {
  const files: Record<string, string> = { [program]: program };
  for (const [, library] of (await lddOutput(program)).matchAll(/(?:=>\s+|^\s+)(\/\S+)\s+\(0x/gm)) {
    files[library] = library;
  }
  return files;
}

async function lddOutput(program: string): Promise<string> {
  try {
    return (await promisify(execFile)("ldd", [program], { env: { ...process.env, LC_ALL: "C" } })).stdout;
  } catch (thrown) {
    if (isStaticSaid(thrown)) return "";
    throw new KmemtapError("target/failed", `cannot take ${program} into the guest: ${messageOf(thrown).trim()}`, {
      nextStep: `check that ${program} is installed`,
      cause: thrown,
    });
  }
}

/** ldd fails on a static program, and says so. */
function isStaticSaid(thrown: unknown): boolean {
  return thrown instanceof Error && "stderr" in thrown && String(thrown.stderr).includes("not a dynamic executable");
}
