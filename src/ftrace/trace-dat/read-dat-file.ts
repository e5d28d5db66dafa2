/** A trace.dat's descriptions: everything that stands around its events. */
import * as zlib from "node:zlib";
import { KmemtapError } from "../../model/errors.ts";
import type { RandomAccess } from "../../model/ports.ts";
import { visibleName } from "../../model/printable.ts";
import { DatCursor, DatDamage } from "./dat-cursor.ts";
import { type DatBuffer, type DatFile, TRACE_DAT_MAGIC, type Unpack } from "./dat-file.ts";
import { DatSections } from "./dat-sections.ts";
import { readVersion6 } from "./read-v6.ts";
import { readVersion7 } from "./read-v7.ts";

/** `long` of the user space and the page size there: 5 bytes that tell nothing about the kernel. */
const HOST_BYTES = 5;
/** Of what the file calls its version and its packing: enough to know it by. */
const MAX_NAME = 32;

/**
 * @param label what the operator called the file
 * @throws {KmemtapError} `input/not-a-trace` where it is of another version, packed in a way that cannot be unpacked here, or
 * holds no events but text
 */
export async function readDatFile(source: RandomAccess, label: string): Promise<DatFile> {
  const cursor = new DatCursor(source, TRACE_DAT_MAGIC.length, true);
  const sections = new DatSections();
  const buffers: DatBuffer[] = [];
  const damage: string[] = [];
  try {
    const version = await cursor.string();
    cursor.littleEndian = (await cursor.u8()) === 0;
    let isText: boolean;
    if (version === "6") isText = await readVersion6(cursor, sections, buffers);
    else if (version === "7") {
      cursor.at += HOST_BYTES;
      const unpack = unpackOf(await cursor.string(), label);
      // The version of the compression.
      await cursor.string();
      isText = await readVersion7(cursor, unpack, sections, buffers, (text) => damage.push(`${label}: ${text}`));
    } else throw otherVersion(label, version);
    if (isText) throw latencyText(label);
  } catch (thrown) {
    if (!(thrown instanceof DatDamage)) throw thrown;
    damage.push(`${label}: ${thrown.message}`);
  }
  const { page, layouts, kallsyms, cmdlines, stats } = sections;
  const { littleEndian } = cursor;
  return { formats: page && { page, layouts, littleEndian }, kallsyms, cmdlines, buffers, stats, damage };
}

/** Node has it from 22.15 on. */
const { zstdDecompressSync } = zlib as {
  readonly zstdDecompressSync?: (packed: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;
};

/** How the file's parts are unpacked; undefined where none is packed. */
function unpackOf(compression: string, label: string): Unpack | undefined {
  if (compression === "none" || compression === "") return undefined;
  const unpack = compression === "zlib" ? zlib.inflateSync : compression === "zstd" ? zstdDecompressSync : undefined;
  if (unpack !== undefined) return (packed, bytes) => unpack(packed, { maxOutputLength: Math.max(1, bytes) });
  throw new KmemtapError(
    "input/not-a-trace",
    `${label} is packed with ${visibleName(compression.slice(0, MAX_NAME))}, which cannot be unpacked here`,
    {
      nextStep: `unpack it first: trace-cmd convert --compression none -i ${label} -o unpacked.dat`,
    },
  );
}

function otherVersion(label: string, version: string): KmemtapError {
  return new KmemtapError(
    "input/not-a-trace",
    `${label} is a trace.dat of version '${visibleName(version.slice(0, MAX_NAME))}', not 6 or 7`,
    {
      nextStep: `convert it: trace-cmd convert --file-version 6 -i ${label} -o converted.dat`,
    },
  );
}

function latencyText(label: string): KmemtapError {
  return new KmemtapError(
    "input/not-a-trace",
    `${label} is a trace.dat that holds a latency tracer's text, no events`,
    {
      nextStep: "record events: trace-cmd record -e kmem --compression none",
    },
  );
}
