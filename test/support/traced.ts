/** This machine's own tracefs, for tests that capture it as an operator would: what a command arms, and that it is gone afterwards. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { onTestFinished } from "vitest";
import { startKmemtap } from "./kmemtap.ts";

const TRACING = "/sys/kernel/tracing";
export const INSTANCES = `${TRACING}/instances`;
const LOOK_MS = 10;

/** Whether this machine can be captured; tracefs.ts mounted it for this run. */
export const canTrace = process.getuid?.() === 0 && existsSync(INSTANCES);
/** For a test's name. */
export const note = canTrace ? "" : " (needs root and tracefs)";

/** What a capture must leave as it was. */
export function settings(): Readonly<Record<string, string>> {
  const names = ["tracing_on", "current_tracer", "trace_clock", "buffer_size_kb", "set_event", "set_event_pid"];
  const files = [...names.map((name) => `${TRACING}/${name}`), "/proc/sys/kernel/printk"];
  return Object.fromEntries(files.map((file) => [file, readFileSync(file, "utf8")]));
}

export interface TracedRun {
  readonly pid: number;
  stdout: string;
  stderr: string;
  /** Instances that this command armed so far; others on this machine are none of its business. */
  readonly armed: Set<string>;
  /** Its exit status, once all it has armed is looked for. */
  readonly status: Promise<number | null>;
  /** Of what it armed, what is still there. */
  left(): string[];
  kill(signal: NodeJS.Signals): void;
}

/** Starts `kmemtap`, and watches which instances it arms. */
export function startTraced(args: readonly string[]): TracedRun {
  const child = startKmemtap(args);
  const pid = child.pid ?? 0;
  const { armed, left, stop } = watchArmed(pid);
  const run: TracedRun = {
    pid,
    stdout: "",
    stderr: "",
    armed,
    status: new Promise((resolve) => child.once("close", resolve)),
    left,
    kill: (signal) => child.kill(signal),
  };
  child.stdin.end();
  child.stdout.setEncoding("utf8").on("data", (text: string) => (run.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (run.stderr += text));
  void run.status.then(stop);
  onTestFinished(() => void child.kill("SIGKILL"));
  return run;
}

/** Watches which instances a process arms, until the test has finished. */
export function watchArmed(pid: number | undefined) {
  const armed = new Set<string>();
  const timer = setInterval(() => {
    for (const name of readdirSync(INSTANCES)) if (parentOf(/^kmemtap-(\d+)-/.exec(name)?.[1]) === pid) armed.add(name);
  }, LOOK_MS);
  const stop = () => clearInterval(timer);
  onTestFinished(stop);
  /** Of what it armed, what is still there. */
  const left = () => readdirSync(INSTANCES).filter((name) => armed.has(name));
  return { armed, left, stop };
}

/** Makes kmem events for as long as the test runs. */
export function makeEvents(): void {
  const child = spawn("/bin/sh", ["-c", "while :; do /bin/true; done"], { detached: true, stdio: "ignore" });
  onTestFinished(() => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  });
}

/** The parent of a process; undefined where there is no such process. */
function parentOf(pid: string | undefined): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid ?? "none"}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
