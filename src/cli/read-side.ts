/** One side of a comparison: a snapshot that was kept, a trace or a recording, or what either was at a moment. */
import { existsSync, readFileSync } from "node:fs";
import { accountRecording } from "../capture/account-recording.ts";
import type { PhasePart } from "../capture/run-frames.ts";
import { type TimeSpan, TimeWindow } from "../capture/time-window.ts";
import { KmemtapError, messageOf } from "../model/errors.ts";
import { type AccountFilter, type Snapshot, snapshotSchema } from "../model/snapshot.ts";
import { SNAPSHOT_SCHEMA } from "../model/schema-name.ts";
import { residueSnapshot } from "../report/residue-snapshot.ts";
import { type Workload, WORKLOAD_SCHEMA, workloadSchema } from "../model/workload.ts";
import { durationOf, usage } from "./arm-options.ts";
import { firstBytes, holdsCapture } from "./file-kind.ts";
import { readFileChunks } from "../transport/read-file.ts";
import { nameOf, phaseInWords } from "./phase-heading.ts";
import type { ReadProgress } from "./read-progress.ts";
import { inputOf } from "./recording.ts";
import { noneInTrace, partOf } from "./window-options.ts";

type Part = TimeSpan | PhasePart;

export interface SideOptions {
  readonly filter: AccountFilter;
  /** The part of both sides, where a side names none itself. */
  readonly part?: Part | undefined;
  /** What a workload left, and no more. */
  readonly residue?: boolean;
  readonly memoryMb?: number | undefined;
  /** Of the files of both sides ({@link fileOf}). */
  readonly progress?: ReadProgress;
}

export interface ReadSide {
  readonly snapshot: Snapshot;
  /** The phase that it is of, in words. */
  readonly phase?: string;
  /** Of a residue: how often the workload ran. */
  readonly rounds?: number;
}

interface Side {
  readonly file: string;
  /** Of a recording with several runs. */
  readonly run: number | undefined;
  /** Up to a moment since its first event, or a phase. */
  readonly part: Part | undefined;
}

/**
 * `FILE`, `FILE@5s` as it stood five seconds after its first event, `FILE#2` the second run that a recording holds, `FILE#2@5s`; `FILE@mount` what the
 * phase of that name allocated and had alive at its end, `FILE@mount@2` that of the second round.
 *
 * @throws {KmemtapError} as reading the file does; `cli/usage` where it has no such moment, phase or run
 */
export async function readSide(text: string, options: SideOptions): Promise<ReadSide> {
  const side = sideIn(text);
  if (options.residue === true && (side.part ?? options.part) !== undefined)
    throw usage(
      "--residue with a moment or a phase",
      "what a workload left is of its end: leave --at, --from, --to, --phase and @ out",
    );
  if (side.file !== "-" && (await isJson(side.file))) {
    // A moment that is meant for both is not of a snapshot, which has but one.
    if (side.part !== undefined || side.run !== undefined)
      throw usage(`${text}: a snapshot is of one moment`, "give a trace or a recording, or leave @ and # out");
    return keptSnapshot(side.file, options);
  }
  const part = side.part ?? options.part;
  const { snapshot, rounds, phaseRounds } = await accounted(side, part, options);
  const { firstEventNs, lastEventNs } = snapshot.window;
  if (firstEventNs === null || lastEventNs === null)
    throw new KmemtapError("input/empty", `${text} holds no kmem events${part === undefined ? "" : " in that part"}`, {
      nextStep: "give a trace with kmem events, or another part of it",
    });
  const phase = part !== undefined && "phase" in part ? part : undefined;
  const label = phase !== undefined && side.part === undefined ? `${text}@${nameOf(phase)}` : text;
  return {
    snapshot: labelled(snapshot, label),
    ...(phase !== undefined && { phase: phaseInWords(phase, phaseRounds) }),
    ...(rounds !== undefined && { rounds }),
  };
}

function labelled(snapshot: Snapshot, label: string): Snapshot {
  return { ...snapshot, source: { ...snapshot.source, label } };
}

async function accounted(
  side: Side,
  part: Part | undefined,
  options: SideOptions,
): Promise<ReadSide & { readonly phaseRounds?: number | undefined }> {
  const { file, run } = side;
  const { filter, memoryMb, residue, progress } = options;
  if (await holdsCapture(file)) {
    const { accountCapture } = await import("../capture/recorded-capture.ts");
    const wanted = residue === true ? { addresses: false } : undefined;
    const onShare = progress?.onShareOf(file);
    const account = await accountCapture(file, { filter, run, part, memoryMb, workload: wanted, onShare });
    if (residue !== true) return { snapshot: account.snapshot, phaseRounds: account.rounds };
    if (account.workload === undefined || account.phases.length === 0) throw noWorkload(file);
    return residueOf(account.workload);
  }
  if (residue === true) {
    // One that cannot be read is no file of another kind.
    await readFileChunks(file).next();
    throw noWorkload(file);
  }
  if (run !== undefined) throw usage(`${file}#${run}: only what --record made has runs`, "leave # out");
  if (part !== undefined && "phase" in part) throw noneInTrace("phase");
  const window = part === undefined ? undefined : new TimeWindow(part);
  return accountRecording([inputOf(file, progress?.onRead)], filter, { window, memoryMb });
}

function residueOf(workload: Workload): ReadSide {
  return { snapshot: residueSnapshot(workload), rounds: new Set(workload.phases.map(({ round }) => round)).size };
}

function noWorkload(file: string): KmemtapError {
  return usage(`${file} holds no workload`, "--residue takes what run --record or run --json wrote, or leave it out");
}

/** @throws {KmemtapError} `cli/usage` */
export function spanUpTo(at: string): TimeSpan {
  const toNs = durationOf("@", at) * 1e6;
  if (toNs === 0) throw usage("@0: nothing had happened yet", "give a later moment, such as @2s");
  return { fromNs: 0, toNs, since: "first-event" };
}

/** The file that a side is read from. */
export function fileOf(text: string): string {
  return sideIn(text).file;
}

/** A file's own name may hold either sign. */
function sideIn(text: string): Side {
  const whole = { file: text, run: undefined, part: undefined };
  if (existsSync(text)) return whole;
  const ofPhase = /^(.+?)(?:#([1-9]\d{0,5}))?@([a-z_][\w.-]*(?:@[1-9]\d{0,5})?)$/i.exec(text);
  const hasFile = ofPhase !== null && existsSync(ofPhase[1]);
  const match = hasFile ? ofPhase : /^(.+?)(?:#([1-9]\d{0,5}))?(?:@(\d[\w.]*))?$/.exec(text);
  if (match === null) return whole;
  const [, file, run, which] = match as unknown as [string, string, string | undefined, string | undefined];
  const part = which === undefined ? undefined : hasFile ? partOf({ phase: which }) : spanUpTo(which);
  return { file, run: run === undefined ? undefined : Number(run), part };
}

async function isJson(file: string): Promise<boolean> {
  return /^\s*\{/.test((await firstBytes(file)).toString("latin1"));
}

/** What `--json` of report, snapshot or run printed, or `snapshot.json` of the HTTP API answered. */
function keptSnapshot(file: string, { filter, residue }: SideOptions): ReadSide {
  const content = parsed(file);
  const { schema } = content as { schema?: unknown };
  if (residue === true) return keptResidue(file, schema, content, filter);
  const kept = schema === WORKLOAD_SCHEMA ? (content as { snapshot?: unknown }).snapshot : content;
  const checked = snapshotSchema.safeParse(kept);
  if (!checked.success) {
    const issue = checked.error.issues[0];
    const what = typeof schema === "string" ? schema : "no schema of kmemtap";
    throw notASnapshot(
      `${file} is ${what}, which does not read as ${SNAPSHOT_SCHEMA}: ${issue.path.join(".")}: ${issue.message}`,
    );
  }
  const has = checked.data.filter;
  if (has !== filter && filter !== "all") throw otherFilter(file, has);
  // As it was written: what a later version adds is not lost.
  return { snapshot: labelled(kept as Snapshot, file) };
}

function keptResidue(file: string, schema: unknown, content: object, filter: AccountFilter): ReadSide {
  if (schema !== WORKLOAD_SCHEMA) throw noWorkload(file);
  const checked = workloadSchema.safeParse(content);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw notASnapshot(`${file} does not read as ${WORKLOAD_SCHEMA}: ${issue.path.join(".")}: ${issue.message}`);
  }
  const workload = content as Workload;
  const has = workload.snapshot.filter;
  if (has !== filter && filter !== "all") throw otherFilter(file, has);
  const residue = residueOf(workload);
  return { ...residue, snapshot: labelled(residue.snapshot, file) };
}

function parsed(file: string): object {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as object;
  } catch (thrown) {
    throw notASnapshot(`${file} looks like JSON and cannot be read: ${messageOf(thrown)}`);
  }
}

function notASnapshot(message: string): KmemtapError {
  return new KmemtapError("input/unreadable", message, {
    nextStep: "give what kmemtap report --json, snapshot --json or run --json printed, a trace, or a recording",
  });
}

function otherFilter(file: string, has: AccountFilter): KmemtapError {
  const of = has === "all" ? "everything" : has === "malloc" ? "kmalloc alone" : "kmem_cache alone";
  return usage(
    `${file} accounts ${of}`,
    "a snapshot cannot be filtered any more: make it with that option, or give the trace",
  );
}
