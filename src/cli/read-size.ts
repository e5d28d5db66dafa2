/** A footprint, of a kernel or as `kmemtap size --format json` has written it. */
import { readFile, stat } from "node:fs/promises";
import { KmemtapError, messageOf } from "../model/errors.ts";
import { type SizeReport, sizeSchema } from "../model/size.ts";
import { findKernelObjects } from "../symbols/footprint/kernel-objects.ts";
import { sourcesBy } from "../symbols/footprint/sources-by.ts";
import { isDirectory, readFootprint } from "../symbols/footprint/read-footprint.ts";
import { findSymbolizer } from "../symbols/llvm/find-symbolizer.ts";
import { Symbolizer } from "../symbols/llvm/symbolizer.ts";
import { openUnpacked } from "./open-unpacked.ts";
import { firstBytes } from "./file-kind.ts";
import { counted } from "./read-progress.ts";
import { clearStatus } from "./status-line.ts";

const MAX_JSON_BYTES = 500e6;

/** @throws {KmemtapError} `input/…`, `symbols/…` */
export async function readSize(path: string, branch: string | undefined): Promise<SizeReport> {
  const beginning = (await firstBytes(path)).toString("latin1");
  if (beginning.trimStart().startsWith("{")) return readJson(path);
  const found = await findSymbolizer();
  const symbolizer = found === undefined ? undefined : new Symbolizer(found);
  const variables = found?.declares === true ? new Symbolizer(found, { about: "data" }) : undefined;
  try {
    const footprint = await readFootprint(path, {
      open: openUnpacked,
      onObject: counted("objects"),
      ...(branch !== undefined && { branch }),
      ...(symbolizer && { sourceOf: sourcesBy(symbolizer, variables, counted("addresses")) }),
    });
    return {
      ...footprint,
      notes: [...footprint.notes, ...(symbolizer?.findings ?? []), ...(variables?.findings ?? [])],
      branch: null,
    };
  } finally {
    clearStatus();
    symbolizer?.close();
    variables?.close();
  }
}

/** A line each; members of an archive with contents are listed by their archive. */
export async function listObjects(path: string): Promise<string> {
  if (!(await isDirectory(path))) return `${path}\n`;
  const { objects } = await findKernelObjects(path, openUnpacked);
  return [...new Set(objects.map((object) => object.path))].map((name) => `${name}\n`).join("");
}

async function readJson(path: string): Promise<SizeReport> {
  try {
    const { size } = await stat(path);
    if (size > MAX_JSON_BYTES) throw new Error(`it has ${size} bytes`);
    return sizeSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (thrown) {
    throw new KmemtapError("input/unreadable", `${path} is no footprint: ${messageOf(thrown).split("\n", 1)[0]}`, {
      nextStep: "give what kmemtap size --format json has written, or a kernel",
      cause: thrown,
    });
  }
}
