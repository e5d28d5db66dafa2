/** Packed files, unpacked by the program of their kind: kernels' modules are installed so (CONFIG_MODULE_COMPRESS_*). */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { extname } from "node:path";
import { KmemtapError } from "../model/errors.ts";

/** Program and Debian's package of it, by a file's ending. */
const TOOLS: Readonly<Record<string, readonly [program: string, from: string]>> = {
  ".xz": ["xz", "xz-utils"],
  ".zst": ["zstd", "zstd"],
  ".gz": ["gzip", "gzip"],
};
const STDERR_CHARACTERS = 300;

/** True for a file that {@link unpackTo} unpacks. */
export function isPacked(path: string): boolean {
  return extname(path) in TOOLS;
}

/** @throws {KmemtapError} `input/unreadable` where it is damaged or its program is not there */
export async function unpackTo(path: string, to: string): Promise<void> {
  const [program, from] = TOOLS[extname(path)];
  const file = await open(to, "wx", 0o600);
  try {
    const child = spawn(program, ["-dc", "--", path], { stdio: ["ignore", file.fd, "pipe"] });
    let said = "";
    child.stderr?.on("data", (text: Buffer) => (said = (said + text.toString()).slice(0, STDERR_CHARACTERS)));
    const [status] = (await once(child, "close").catch((thrown: unknown) => {
      throw cannotUnpack(
        path,
        thrown,
        `there is no ${program}`,
        `install it (apt install ${from}), or unpack the file`,
      );
    })) as [number | null];
    if (status !== 0)
      throw cannotUnpack(
        path,
        undefined,
        said.trim() || `${program} ended with ${status}`,
        "check that the file is whole",
      );
  } finally {
    await file.close();
  }
}

function cannotUnpack(path: string, cause: unknown, why: string, nextStep: string): KmemtapError {
  return new KmemtapError("input/unreadable", `cannot unpack ${path}: ${why}`, { nextStep, cause });
}
