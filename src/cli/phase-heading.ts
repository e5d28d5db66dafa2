/** What stands above the account of a phase (`report --phase`): what its numbers are, beside what `run` printed of the phase. */
import type { CaptureOptions } from "../capture/recorded-capture.ts";
import type { PhasePart } from "../capture/run-frames.ts";
import { filterOf } from "./account-filter.ts";
import { memoryMbOf, numberOf } from "./arm-options.ts";
import { partOf, type WindowOptions } from "./window-options.ts";

/** What the account of a phase is of: neither what is older, nor what became of it later. */
export const PHASE_ALONE = "what it freed of older objects is not deducted";

/** `mount`, `mount@2` of the second round. */
export function nameOf({ phase, round }: PhasePart): string {
  return round === 1 ? phase : `${phase}@${String(round)}`;
}

/** `mount`; of several rounds `mount, round 2 of 3`. */
export function phaseInWords({ phase, round }: PhasePart, rounds = 1): string {
  return rounds > 1 ? `${phase}, round ${String(round)} of ${String(rounds)},` : phase;
}

/** What is said where a phase has several rounds and none was named; undefined elsewhere. */
export function roundNotice({ phase }: WindowOptions, rounds = 1): string | undefined {
  if (phase === undefined || phase.includes("@") || rounds === 1) return undefined;
  return `phase ${phase} is its round 1 of ${String(rounds)}; --phase ${phase}@${String(rounds)} takes the last`;
}

/** Lines; reads all of the recording, since only that tells what older objects the phase freed. */
export async function phaseHeading(
  file: string,
  part: PhasePart,
  options: Pick<CaptureOptions, "filter" | "run" | "memoryMb">,
): Promise<readonly string[]> {
  const { accountCapture } = await import("../capture/recorded-capture.ts");
  const { workload } = await accountCapture(file, { ...options, workload: { addresses: false } });
  const found = workload?.phases.find((other) => other.name === part.phase && other.round === part.round);
  const rounds = workload?.phases.filter(({ name }) => name === part.phase).length;
  const lines = [`allocated in phase ${phaseInWords(part, rounds)} and alive at its end; ${PHASE_ALONE}`];
  if (found === undefined) return lines;
  const { netBytes, allocs, frees, impliedFrees } = found;
  const implied = impliedFrees === 0 ? "" : `, ${String(impliedFrees)} implied frees`;
  lines.push(
    `change of the whole account in it: ${netBytes < 0 ? "" : "+"}${String(netBytes)} bytes ` +
      `(${String(allocs)} allocs, ${String(frees)} frees${implied}, of older objects too)`,
  );
  return lines;
}

interface HeadingOptions extends WindowOptions {
  readonly run?: string;
  readonly memoryMb?: string;
  readonly malloc?: true;
  readonly cache?: true;
  readonly accountFile?: string;
  readonly callersFile?: string;
  readonly slabAccount?: string | true;
  readonly json?: true;
  readonly pprof?: string;
  readonly ringsFile?: string;
  readonly ringsShow?: true;
}

/** Of a phase of a recording; only the account itself and the table of tasks have room for it. */
export async function headingOf(file: string, options: HeadingOptions): Promise<readonly string[]> {
  const part = partOf(options);
  if (part === undefined || !("phase" in part) || !printsAccount(options)) return [];
  return phaseHeading(file, part, {
    filter: filterOf(options),
    run: numberOf("--run", options.run, 1, 1_000_000),
    memoryMb: memoryMbOf(options.memoryMb),
  });
}

function printsAccount(options: HeadingOptions): boolean {
  const { accountFile, callersFile, slabAccount, json, pprof, ringsFile, ringsShow } = options;
  const others = [callersFile, slabAccount, json, pprof, ringsFile, ringsShow];
  return accountFile !== undefined || others.every((output) => output === undefined);
}
