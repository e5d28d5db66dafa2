/** The forms in which an unattended capture writes an account. */
import { formatAccountFile } from "../../report/account-file.ts";
import { formatCallersCsv } from "../../report/callers-csv.ts";
import { formatCallersFile } from "../../report/callers-file.ts";
import { formatRings } from "../../report/format-rings.ts";
import { lossNotice } from "../../report/loss-notice.ts";
import { formatPprof } from "../../report/pprof.ts";
import { formatSlabAccount } from "../../report/slab-account.ts";
import { KmemtapError } from "../../model/errors.ts";
import { usage } from "../arm-options.ts";
import { MODULE_RINGS, moduleTree, SOURCE_RINGS, sourceTree } from "../snapshot-tree.ts";
import type { Tasks } from "../../model/tasks.ts";
import { DUMP_FORMATS, type DumpFormatName } from "./dump-format-names.ts";
import type { Moment } from "./moment.ts";

interface DumpFormat {
  /** Of the file's name, behind the moment. */
  readonly ending: string;
  readonly render: (moment: Moment) => string | Uint8Array | Promise<string | Uint8Array>;
}

const ORDER = "current_dynamic";

const FORMATS = {
  account: { ending: "account.txt", render: ({ snapshot }) => formatAccountFile(snapshot, ORDER) },
  "slab-account": {
    ending: "slab-account.txt",
    render: (moment) => formatSlabAccount(moment.snapshot, freeingOf(moment), ORDER),
  },
  callers: { ending: "callers.txt", render: ({ snapshot }) => formatCallersFile(snapshot, ORDER) },
  json: { ending: "json", render: ({ snapshot }) => `${JSON.stringify(snapshot, null, 2)}\n` },
  tasks: {
    ending: "tasks.json",
    render: (moment) => `${JSON.stringify(tasksOf(moment), null, 2)}
`,
  },
  csv: { ending: "csv", render: ({ snapshot }) => formatCallersCsv(snapshot) },
  svg: { ending: "svg", render: (moment) => ringsOf(moment, "svg") },
  png: { ending: "png", render: (moment) => ringsOf(moment, "png") },
  pprof: { ending: "pb.gz", render: ({ snapshot, atMs }) => formatPprof(snapshot, { atMs }) },
} as const satisfies Record<DumpFormatName, DumpFormat>;

export function dumpFormat(name: DumpFormatName): DumpFormat {
  return FORMATS[name];
}

/**
 * `account,json,pprof`.
 *
 * @throws {KmemtapError} `cli/usage`
 */
export function dumpFormatsOf(option: string, text: string): DumpFormatName[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !Object.hasOwn(FORMATS, name));
  if (unknown !== undefined)
    throw usage(`${option} ${text}: no format ${unknown}`, `there are ${DUMP_FORMATS.join(", ")}`);
  return [...new Set(names)] as DumpFormatName[];
}

/** @throws {KmemtapError} where they are not kept: a file without any would look as if there were none */
function tasksOf({ tasks }: Moment): Tasks {
  const kept = tasks?.();
  if (kept !== undefined) return kept;
  throw new KmemtapError("target/unsupported", "no tasks are kept: neither --tasks nor tasks: true, or mode hist");
}

/** @throws {KmemtapError} where nothing tells: zeros would look as if nobody had freed */
function freeingOf({ freeingCallSites }: Moment): ReadonlyMap<string, number> {
  if (freeingCallSites !== undefined) return freeingCallSites();
  throw new KmemtapError(
    "target/unsupported",
    "who freed is not known: the target's kernel makes the sums (mode hist)",
  );
}

/** By directory where callers know their source; the image's own bytes would take longer to measure than a capture waits. */
async function ringsOf({ snapshot }: Moment, format: "svg" | "png"): Promise<string | Uint8Array> {
  const hasSources = snapshot.symbols !== undefined;
  const root = hasSources ? await sourceTree(snapshot, undefined, "current_dynamic") : moduleTree(snapshot);
  const notExact = lossNotice(snapshot);
  const facts = {
    source: snapshot.source.label,
    rings: hasSources ? SOURCE_RINGS : MODULE_RINGS,
    ...(snapshot.release !== undefined && { kernel: snapshot.release }),
    ...(notExact !== undefined && { notExact }),
  };
  return formatRings(format, root, facts, { attribute: "current_dynamic", branch: [] });
}
