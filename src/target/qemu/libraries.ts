/** A program of this machine with all that it needs to start in a guest. */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
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

/**
 * The same of a program of another architecture, which nothing here can start, below `root`, where packages were unpacked: a
 * library is needed where its name stands in what needs it (ELF's DT_NEEDED and PT_INTERP are strings that end in a zero).
 */
export async function withForeignLibraries(root: string, program: string): Promise<Record<string, string>> {
  const libraries = await librariesBelow(root);
  const files: Record<string, string> = {};
  const add = async (file: string): Promise<void> => {
    const inGuest = `/${relative(root, file)}`;
    if (inGuest in files) return;
    files[inGuest] = file;
    const object = await readFile(file);
    for (const library of libraries) if (object.includes(`${basename(library)}\0`, "latin1")) await add(library);
  };
  await add(join(root, program));
  return files;
}

/** In the folders where the dynamic linker looks: `lib`, `lib/arm-linux-gnueabihf`, and those of `usr`. */
async function librariesBelow(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const folder of ["lib", "usr/lib"]) {
    const entries = await readdir(join(root, folder), { recursive: true }).catch(() => []);
    found.push(
      ...entries.filter((path) => /^([\w-]+\/)?[^/]+\.so[.\d]*$/.test(path)).map((path) => join(root, folder, path)),
    );
  }
  return found;
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
