/** Looks at a target, from whether it can be reached to the mode that a capture will choose. */
import { type Check, type Doctor, DOCTOR_SCHEMA } from "../../model/doctor.ts";
import { KmemtapError } from "../../model/errors.ts";
import type { AskSecret, Shell } from "../../model/ports.ts";
import type { ShellTarget, Target } from "../../model/target.ts";
import { type AgentFacts, readFacts } from "../agent/agent-facts.ts";
import { chooseBufferKb } from "../agent/choose-buffer.ts";
import type { AgentMode } from "../agent/choose-mode.ts";
import { openShell } from "../open-shell.ts";
import { bufferCheck, linkCheck, modeCheck } from "./check-rate.ts";
import { checkRights, memoryCheck } from "./check-rights.ts";
import { checkKernel, checkUse, consoleLogCheck, toolsCheck } from "./check-tracing.ts";
import { cleanStale } from "./clean-stale.ts";
import { examineFile } from "./examine-file.ts";
import { linkSpeed } from "./link-speed.ts";

export interface ExamineOptions {
  /** Ring buffer of each CPU that a capture would have, KB; "auto" goes by the target's memory. */
  readonly bufferKb: number | "auto";
  /** Removes what killed agents left, before it looks. */
  readonly clean: boolean;
  readonly ask: AskSecret;
}

const MEASURE_S = 1;

/** A target that cannot be reached is a finding, not an error. Changes nothing that stays, but for `clean`. */
export async function examineTarget(target: Target, label: string, options: ExamineOptions): Promise<Doctor> {
  if (target.kind !== "file" && target.kind !== "replay") return examineShellTarget(target, label, options);
  const checks = await examineFile(target.kind, target.path);
  const reason = "the text that the file holds";
  return doctor(label, checks, hasProblem(checks) ? undefined : { mode: "text", reason });
}

async function examineShellTarget(target: ShellTarget, label: string, options: ExamineOptions): Promise<Doctor> {
  let shell: Shell;
  try {
    shell = await openShell(target, options.ask);
  } catch (thrown) {
    return doctor(label, unreachedChecks(thrown));
  }
  const checks: Check[] = [
    { name: "reach", status: "ok", finding: `over ${shell.link.kind}` },
    { name: "login", status: "ok", finding: "a shell answers" },
  ];
  try {
    return await examineShell(shell, label, checks, options);
  } catch (thrown) {
    return doctor(label, [...checks, failure("agent", thrown)]);
  } finally {
    await shell.close();
  }
}

/** Adds to `checks` as it goes, so that those before a failure are kept. */
async function examineShell(shell: Shell, label: string, checks: Check[], options: ExamineOptions): Promise<Doctor> {
  const { link } = shell;
  const removed = options.clean ? await cleaned(shell) : [];
  const facts = await readFacts(shell, MEASURE_S);
  checks.push(kernelCheck(facts), cpusCheck(facts), ...checkRights(facts));
  // What else the agent found of tracefs means nothing where it could not see it.
  const canTrace = !hasProblem(checks);
  if (canTrace) checks.push(...checkUse(facts, removed), ...checkKernel(facts));
  const bufferKb = chooseBufferKb(options.bufferKb, shell.concurrent, facts);
  checks.push(toolsCheck(facts, link.kind), memoryCheck(facts, bufferKb));
  if (!shell.concurrent) checks.push(consoleLogCheck(facts));
  const speed = await linkSpeed(shell);
  checks.push(linkCheck(link, speed, facts.eventsPerSecond));
  if (!canTrace) return doctor(label, checks);
  checks.push(bufferCheck(facts, bufferKb));
  const { check, choice, headroom } = modeCheck(link, speed, facts);
  checks.push(check);
  return doctor(label, checks, hasProblem(checks) ? undefined : choice, headroom);
}

/** What keeps the agent from cleaning keeps it from anything else, and is said by the checks that follow. */
async function cleaned(shell: Shell): Promise<string[]> {
  try {
    return await cleanStale(shell);
  } catch (thrown) {
    if (thrown instanceof KmemtapError && thrown.code === "agent/refused") return [];
    throw thrown;
  }
}

function kernelCheck({ release, machine }: AgentFacts): Check {
  return { name: "kernel", status: "ok", finding: `Linux ${release} ${machine}` };
}

function cpusCheck({ cpus }: AgentFacts): Check {
  const finding = cpus === 1 ? "1, one ring buffer" : `${cpus}, a ring buffer each`;
  return { name: "CPUs", status: "ok", finding };
}

/** Codes of those who got as far as the login. */
const AT_LOGIN: readonly string[] = ["link/auth", "console/login", "console/no-shell"];

function unreachedChecks(thrown: unknown): Check[] {
  const isLogin = thrown instanceof KmemtapError && AT_LOGIN.includes(thrown.code);
  if (!isLogin) return [failure("reach", thrown)];
  return [{ name: "reach", status: "ok", finding: "it answers" }, failure("login", thrown)];
}

/** What failed, as a finding. A defect of this program is none, nor is a wrong command line. */
function failure(name: string, thrown: unknown): Check {
  if (!(thrown instanceof KmemtapError) || thrown.code === "cli/usage" || thrown.code === "config/invalid")
    throw thrown;
  return {
    name,
    status: "problem",
    finding: thrown.message,
    ...(thrown.nextStep !== undefined && { remedy: thrown.nextStep }),
  };
}

function hasProblem(checks: readonly Check[]): boolean {
  return checks.some(({ status }) => status === "problem");
}

function doctor(
  target: string,
  checks: readonly Check[],
  choice?: { readonly mode: AgentMode; readonly reason: string },
  headroom?: number,
): Doctor {
  return {
    schema: DOCTOR_SCHEMA,
    target,
    checks: [...checks],
    mode: choice?.mode ?? null,
    reason: choice?.reason ?? null,
    headroom: choice === undefined || headroom === undefined ? null : headroom,
  };
}
