/** A built `kmemtap` that serves its page on a port of its choice. */
import { once } from "node:events";
import { startKmemtap } from "./kmemtap.ts";
import { until } from "./until.ts";

export type Serving = Awaited<ReturnType<typeof startServing>>;

/** Starts `live` or `daemon` and waits for its page's address. It is the caller's to stop. */
export async function startServing(args: readonly string[], options: { env?: NodeJS.ProcessEnv } = {}) {
  const child = startKmemtap([...args, "--serve", "127.0.0.1:0"], options);
  const ended = once(child, "close").then(([status]) => status as number | null);
  const run = {
    child,
    ended,
    url: "",
    stdout: "",
    stderr: "",
    /** Ends it in order; safe to call twice. */
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (run.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (run.stderr += text));
  const address = () => / at (http:[^\s"]+)/.exec(run.stderr)?.[1];
  await until("the address", () => address() !== undefined || child.exitCode !== null, 60_000);
  run.url = address() ?? "";
  if (run.url === "") throw new Error(`it serves nothing: ${run.stderr}`);
  return run;
}
