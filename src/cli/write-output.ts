import { randomUUID } from "node:crypto";
import { rename, rm, stat, writeFile } from "node:fs/promises";
import { KmemtapError, messageOf } from "../model/errors.ts";

/** Writes a result whole or not at all; `-` is standard output. */
export async function writeOutput(path: string, content: string | Uint8Array): Promise<void> {
  if (path === "-") {
    await new Promise<void>((resolve) =>
      process.stdout.write(content, () => {
        resolve();
      }),
    );
    return;
  }
  // A device or a pipe (/dev/stdout) is written to; only a regular file is replaced.
  const special = await stat(path).then(
    (found) => !found.isFile(),
    () => false,
  );
  const draft = special ? path : `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(draft, content);
    if (!special) await rename(draft, path);
  } catch (thrown) {
    if (!special) await rm(draft, { force: true });
    throw new KmemtapError("output/unwritable", `cannot write ${path}: ${messageOf(thrown).replaceAll(draft, path)}`, {
      nextStep: "check that the directory exists, is writable and has room",
      cause: thrown,
    });
  }
}
