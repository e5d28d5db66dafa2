/** The options of every command that arms a target, and what they come to together with the configuration. */
import { ExitCode, KmemtapError } from "../model/errors.ts";
import type { ArmOptions } from "../target/agent/arm-target.ts";
import type { Mode, OverrunPolicy } from "./arm-words.ts";
import { askSecret } from "./ask-secret.ts";
import type { Config } from "./config.ts";

export interface ArmCommandOptions {
  readonly mode?: Mode;
  readonly onOverrun?: OverrunPolicy;
  readonly bufferKb?: string;
  readonly subBufferKb?: string;
  readonly pollMs?: string;
  readonly histKeys?: string;
  readonly memoryMb?: string;
  readonly exactSlabs?: true;
  readonly allocinfo?: true;
  readonly record?: string;
  readonly wrappers?: string;
  readonly stacks?: true;
  readonly bulk?: true;
  readonly tasks?: true;
  readonly lifetimes?: true;
  readonly verbose?: true;
}

/** The options of a command, with what the configuration says of its target where they say nothing. */
export function withTargetOptions<O extends ArmCommandOptions>(options: O, target: string, { targets }: Config): O {
  const settings = Object.hasOwn(targets, target) ? targets[target] : "";
  if (typeof settings === "string") return options;
  const { mode = settings.mode, onOverrun = settings.onOverrun } = options;
  return { ...options, ...(mode !== undefined && { mode }), ...(onOverrun !== undefined && { onOverrun }) };
}

/** What fits into the 4 GiB of a WebAssembly memory, with room for all else that is in it. */
const MOST_MEMORY_MB = 3072;

/** `--memory-mb`; undefined where it was not given. */
export function memoryMbOf(text: string | undefined): number | undefined {
  return numberOf("--memory-mb", text, 1, MOST_MEMORY_MB);
}

export type Armed = Pick<
  ArmOptions,
  | "mode"
  | "bufferKb"
  | "subBufferKb"
  | "growKb"
  | "pollMs"
  | "histKeys"
  | "exactSlabs"
  | "allocinfo"
  | "names"
  | "stacks"
  | "bulk"
  | "ask"
>;

export function armOptions(options: ArmCommandOptions, { overrun, ...configured }: Config): Armed {
  const stacks = options.stacks ?? configured.stacks;
  const bulk = options.bulk ?? configured.bulk;
  if (options.bulk === true && options.mode === "hist")
    throw usage("--bulk with --mode hist: the kernel's sums are of the kmem events alone", "use --mode raw or text");
  if (options.stacks === true && options.mode === "hist")
    throw usage("--stacks with --mode hist: the kernel's sums are by call site alone", "use --mode raw or text");
  const bufferKb = numberOf("--buffer-kb", options.bufferKb, 4, 4_194_304) ?? overrun.bufferKb;
  const grows = options.onOverrun === "grow";
  return {
    // Sums that are made in the kernel have no stacks, and no probes.
    mode: options.mode ?? (stacks || bulk ? "events" : "auto"),
    stacks,
    bulk,
    bufferKb,
    subBufferKb: numberOf("--sub-buffer-kb", options.subBufferKb, 0, 512) ?? overrun.subBufferKb,
    growKb: grows ? overrun.growLimitKb : 0,
    pollMs: numberOf("--poll-ms", options.pollMs, 100, 60_000) ?? overrun.pollMs,
    histKeys: histKeysOf(numberOf("--hist-keys", options.histKeys, 128, 131_072)),
    exactSlabs: options.exactSlabs === true,
    allocinfo: options.allocinfo === true,
    names: options.record !== undefined || (options.tasks ?? configured.tasks),
    ask: askSecret,
  };
}

/** The kernel takes powers of two (kernel/trace/tracing_map.h: 128 to 131072). */
function histKeysOf(keys: number | undefined): number {
  if (keys === undefined) return 0;
  if (Number.isInteger(Math.log2(keys))) return keys;
  throw usage("--hist-keys is not a power of two", "the kernel takes 128, 256 … 131072");
}

/** A whole number within bounds; undefined where the option was not given. */
export function numberOf(option: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw usage(`${option} ${text}: not a whole number from ${least} to ${most}`, `for example ${option} ${least}`);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** What a timer takes: 24 days and a half (a 32-bit number of milliseconds; beyond it, Node's fire at once). */
const MAX_DURATION_MS = 2 ** 31 - 1;

/** `20s`, `1.5m`, `500ms`, `2h` or 0, in milliseconds. A bare number is refused: some would mean seconds, others milliseconds. */
export function durationOf(option: string, text: string): number {
  if (/^0+(\.0+)?$/.test(text)) return 0;
  if (/^\d+(\.\d+)?$/.test(text))
    throw usage(`${option} ${text}: no unit`, `say which: ${option} ${text}s (or ms, m, h)`);
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (match !== null) {
    const [, number, unit] = match;
    const ms = Number(number) * UNITS[unit];
    if (ms <= MAX_DURATION_MS) return ms;
    throw usage(`${option} ${text}: too long a time`, "24 days at most, such as 576h");
  }
  throw usage(`${option} ${text}: not a time`, `for example ${option} 20s (ms, s, m, h)`);
}

export function usage(message: string, nextStep: string): KmemtapError {
  return new KmemtapError("cli/usage", message, { nextStep, exitCode: ExitCode.wrongUse });
}
