/** What the kernel's image takes, for the page: measured when somebody asks, by a process of its own, since it takes seconds of CPU. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { KmemtapError } from "../model/errors.ts";
import { PACKAGE_ROOT } from "../model/package-root.ts";
import { footprintPathOf } from "./static-tree.ts";

const MAIN = join(PACKAGE_ROOT, "dist", "main.js");
const MAX_JSON_BYTES = 500e6;

/**
 * @param kernel what `-k` names
 * @returns what gives kmemtap.size/1 as text for a kernel's release, measured once; rejects with a {@link KmemtapError}
 */
export function liveFootprint(kernel: string): (release: string | undefined) => Promise<Buffer> {
  let measured: { readonly release: string | undefined; readonly report: Promise<Buffer> } | undefined;
  return (release) => {
    if (measured?.release !== release || measured === undefined) {
      const report = measure(kernel, release);
      measured = { release, report };
      // What failed may succeed once somebody has mended it.
      report.catch(() => (measured = undefined));
    }
    return measured.report;
  };
}

async function measure(kernel: string, release: string | undefined): Promise<Buffer> {
  const path = await footprintPathOf(kernel, release);
  if (path === undefined)
    throw new KmemtapError("symbols/no-kernel", `${kernel} tells no sizes of data`, {
      nextStep: "give a built kernel tree, or a vmlinux, with -k",
    });
  const args = [MAIN, "size", "-k", path, "--format", "json"];
  const run = promisify(execFile)(process.execPath, args, { encoding: "buffer", maxBuffer: MAX_JSON_BYTES });
  return (
    await run.catch((thrown: unknown) => {
      const said = (thrown as { stderr?: Buffer }).stderr
        ?.toString()
        .trim()
        .replace(/^kmemtap: /, "");
      throw new KmemtapError("input/unreadable", said === undefined || said === "" ? `cannot measure ${path}` : said, {
        cause: thrown,
      });
    })
  ).stdout;
}
