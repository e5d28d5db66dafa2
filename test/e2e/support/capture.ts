/** A capture in this process, by the same parts as the command line's, with what arrived kept as it came. */
import { lastValueFrom, tap } from "rxjs";
import type { LiveOptions, WorkloadListener } from "../../../src/capture/live-options.ts";
import { liveSession } from "../../../src/capture/live-session.ts";
import type { LiveUpdate } from "../../../src/capture/live-update.ts";
import type { ByteSource, ByteStream } from "../../../src/model/ports.ts";
import type { ShellTarget } from "../../../src/model/target.ts";
import type { Alert } from "../../../src/model/wire.ts";
import type { AgentSource } from "../../../src/target/agent/agent-source.ts";
import { armTarget, type ArmOptions } from "../../../src/target/agent/arm-target.ts";
import { until } from "../../support/until.ts";

export interface Capture {
  readonly agent: AgentSource;
  /** All that arrived, all connections one after the other. */
  received(): string;
  /** The same, as it came in pieces. */
  readonly chunks: readonly Uint8Array[];
  /** Every alert of every run. */
  readonly alerts: readonly Alert[];
  /** What was said for the log. */
  readonly said: readonly string[];
  last(): LiveUpdate;
  /** Waits for a line of the agent, whose text it is: `armed`, `begin`, `last`. */
  heard(type: string): Promise<string>;
  /** Ends the window and waits for the rest; the last update. */
  stop(): Promise<LiveUpdate>;
  /** Resolves when it is over by itself. */
  readonly over: Promise<LiveUpdate>;
}

export function startCapture(
  target: ShellTarget,
  options: Partial<ArmOptions> = {},
  workload?: WorkloadListener,
  account: Partial<LiveOptions> = {},
): Capture {
  const said: string[] = [];
  const agent = armTarget(target, target.kind, {
    mode: "text",
    bufferKb: 8192,
    growKb: 0,
    subBufferKb: 0,
    pollMs: 1000,
    wait: false,
    scope: "system",
    histKeys: 0,
    reconnect: true,
    ask: () => Promise.resolve(undefined),
    say: (text) => said.push(text),
    ...options,
  });
  const chunks: Buffer[] = [];
  const alerts: Alert[] = [];
  let last: LiveUpdate | undefined;
  const updates = liveSession(kept(agent, chunks), {
    agent,
    snapshotMs: 200,
    silentAfterMs: 5000,
    ...(workload === undefined ? {} : { workload }),
    ...account,
  }).pipe(
    tap((update) => {
      last = update;
      alerts.push(...update.newAlerts);
    }),
  );
  const over = lastValueFrom(updates);
  const received = () => Buffer.concat(chunks).toString("latin1");
  return {
    agent,
    received,
    chunks,
    alerts,
    said,
    over,
    last: () => {
      if (last === undefined) throw new Error("there was no update yet");
      return last;
    },
    heard: async (type) => {
      const form = new RegExp(`@kmemtap ${agent.nonce} \\w+ ${type}(?: (.*))? ~\\d+\r?\n`);
      await until(
        `the agent's line ${type}; ${said.join("; ")}`,
        () => {
          if (last?.link.status === "failed") throw new Error(last.link.detail);
          return form.test(received());
        },
        120_000,
      );
      return form.exec(received())?.[1] ?? "";
    },
    stop: async () => {
      agent.stop();
      const update = await over;
      await agent.close();
      return update;
    },
  };
}

/** The source, each chunk copied before it is passed on: it is valid only until the next. */
function kept(source: ByteSource, chunks: Buffer[]): ByteSource {
  return {
    label: source.label,
    recording: false,
    runs: (async function* () {
      for await (const run of source.runs) yield keptRun(run, chunks);
    })(),
    close: () => source.close(),
  };
}

function keptRun(run: ByteStream, chunks: Buffer[]): ByteStream {
  return {
    bytes: (async function* () {
      for await (const chunk of run.bytes) {
        chunks.push(Buffer.from(chunk));
        yield chunk;
      }
    })(),
    close: () => run.close(),
  };
}
