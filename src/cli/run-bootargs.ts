import { ExitCode, KmemtapError } from "../model/errors.ts";
import { type AgentFacts, readFacts } from "../target/agent/agent-facts.ts";
import { initramfsParameters, writeBootInitramfs } from "../target/doctor/boot-initramfs.ts";
import { bootParameters, type BootParameters } from "../target/doctor/boot-parameters.ts";
import { openShell } from "../target/open-shell.ts";
import { numberOf, usage } from "./arm-options.ts";
import { askSecret } from "./ask-secret.ts";
import { loadConfig } from "./config.ts";
import { say } from "./say.ts";
import { parseTarget } from "./parse-target.ts";
import { writeOutput } from "./write-output.ts";

export interface BootargsCommandOptions {
  readonly rate?: string;
  readonly seconds?: string;
  readonly tpPrintk?: true;
  readonly initramfs?: string;
  readonly onto?: string;
  readonly kernel?: string;
  readonly port?: string;
  readonly console?: string;
  readonly plain?: true;
  readonly json?: true;
  readonly config?: string;
}

const BOOTARGS_SCHEMA = "kmemtap.bootargs/1";
/** Debian's cloud kernels make 67,000 to 386,000 events in a boot. */
const RATE = 40_000;
const SECONDS = 10;

/** Prints the kernel command line of a boot capture, and writes the initramfs that goes with it where one is asked for. */
export async function runBootargs(targetText: string | undefined, options: BootargsCommandOptions): Promise<ExitCode> {
  checkOptions(options);
  const wishes = {
    rate: numberOf("--rate", options.rate, 1, 100_000_000) ?? RATE,
    seconds: numberOf("--seconds", options.seconds, 1, 86_400) ?? SECONDS,
    tpPrintk: options.tpPrintk === true,
  };
  const facts = targetText === undefined ? undefined : await factsOf(targetText, options.config);
  const { parameters, notes } = bootParameters(wishes, facts);
  const all = {
    parameters: [...parameters, ...consoleParameters(options), ...forwarding(options)],
    notes: [...notes, ...portNotes(options)],
  };
  if (options.initramfs !== undefined) {
    const { initramfs: path, onto, kernel: modulesDir } = options;
    await writeBootInitramfs({
      path,
      ...(onto !== undefined && { onto }),
      ...(modulesDir !== undefined && { modulesDir }),
    });
    say(`wrote ${path}${onto === undefined ? ", which boots by itself" : `: the agent, and ${onto} behind it`}`);
  }
  await writeOutput("-", format(all, facts, options));
  return ExitCode.done;
}

function checkOptions(options: BootargsCommandOptions): void {
  if (options.initramfs === undefined) {
    for (const name of ["onto", "kernel", "port"] as const) {
      if (options[name] !== undefined) throw usage(`--${name} goes with --initramfs`, "add --initramfs FILE");
    }
  }
  if (options.onto !== undefined && options.kernel !== undefined)
    throw usage("--onto and --kernel exclude each other", "a system's own initrd brings its own modules");
  if (options.plain === true && options.json === true) throw usage("--plain or --json, not both", "leave one out");
  for (const name of ["port", "console"] as const) {
    const device = options[name];
    if (device !== undefined && !/^[\w/-]+$/.test(device))
      throw usage(`--${name} ${device} is not a device below /dev`, `for example --${name} ttyS0`);
  }
  if (options.console !== undefined && options.console === portOf(options))
    throw usage("the trace and the console want a port each", "their lines would run into each other");
}

/** @throws {KmemtapError} as openShell and readFacts do */
async function factsOf(targetText: string, config: string | undefined): Promise<AgentFacts> {
  const target = parseTarget(targetText, loadConfig(config));
  if (target.kind === "file" || target.kind === "replay")
    throw usage(`${targetText} has no kernel to ask`, "give a target with a shell, or none for any kernel");
  const shell = await openShell(target, askSecret);
  try {
    const facts = await readFacts(shell, 0);
    if (facts.release === "") {
      throw new KmemtapError("agent/refused", `${targetText} did not say what it is`, { nextStep: "try again" });
    }
    if (facts.events.length === 0)
      say(`${targetText} does not show its events (kmemtap doctor says why): all are named`);
    return facts;
  } finally {
    await shell.close();
  }
}

function portOf({ initramfs, port }: BootargsCommandOptions): string | undefined {
  return initramfs === undefined ? undefined : (port ?? "ttyS0");
}

function consoleParameters({ console }: BootargsCommandOptions) {
  return console === undefined ? [] : [{ text: `console=${console}`, reason: "the kernel's log, away from the trace" }];
}

function forwarding(options: BootargsCommandOptions) {
  const port = portOf(options);
  return port === undefined ? [] : initramfsParameters(port, options.console, options.onto !== undefined);
}

function portNotes(options: BootargsCommandOptions): string[] {
  const port = portOf(options);
  if (port === undefined) return [];
  const live = `on this side: kmemtap live file:///PATH, with QEMU's -serial file:/PATH for ${port}`;
  if (options.console !== undefined) return [live];
  return [live, `keep the kernel's log off ${port}: --console names another port for it`];
}

function format(
  { parameters, notes }: BootParameters,
  facts: AgentFacts | undefined,
  options: BootargsCommandOptions,
): string {
  const line = parameters.map(({ text }) => text).join(" ");
  if (options.plain === true) return `${line}\n`;
  if (options.json === true) {
    const document = { schema: BOOTARGS_SCHEMA, release: facts?.release ?? null, line, parameters, notes };
    return `${JSON.stringify(document, null, 2)}\n`;
  }
  return [
    `A boot capture of ${facts === undefined ? "any kernel" : `Linux ${facts.release} ${facts.machine}`}; add to its command line:`,
    "",
    ...parameters.flatMap(({ text, reason }) => [`  ${text}`, `      ${reason}`]),
    "",
    ...notes.map((note) => `note: ${note}`),
    ...(notes.length > 0 ? [""] : []),
    line,
    "",
  ].join("\n");
}
