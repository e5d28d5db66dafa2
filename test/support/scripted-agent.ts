/** An agent that does as it is told, in real shells of this machine: for what must happen when a link breaks. */
import { onTestFinished } from "vitest";
import type { Shell } from "../../src/model/ports.ts";
import { linesOf } from "../../src/target/qemu/guest-reports.ts";
import { type AgentLine, parseAgentLine } from "../../src/target/agent/agent-line.ts";
import {
  type AgentPlan,
  agentSource,
  type AgentSource,
  type AgentSourceOptions,
} from "../../src/target/agent/agent-source.ts";
import type { AgentMode } from "../../src/target/agent/choose-mode.ts";
import { localShell } from "../../src/transport/local-shell.ts";
import { planOf } from "./agent-source.ts";

/** Speaks as agent/kmemtap-agent.sh does, repeats what it is told (`told`), and arms nothing. `die` ends it without a word. */
const SCRIPT = `
MODE=$1 NONCE=$2 W=m SEQ=0
LC_ALL=C
say() { SEQ=$((SEQ + 1)); set -- "$NONCE $W$SEQ $*"; echo "@kmemtap $1 ~\${#1}"; }
figure() { SEQ=$((SEQ + 1)); set -- "$NONCE $W$SEQ $*"; echo "@kmemtap $1 ~\${#1}.$(checksum "$1")"; }
checksum() { printf %s "$1" | od -An -v -tu1 | awk '{ for (i = 1; i <= NF; i++) sum = (sum * 31 + $i) % 65521 } END { print sum }'; }
say armed instance=x size=1024
say begin
while IFS= read -r line; do
    case $line in .) ;; *) say told "$line" ;; esac
    case $line in
    stop) say last ;;
    bye) say end reason=stop; say bye; exit 0 ;;
    die) exit 9 ;;
    tick*) figure tick-done "\${line#tick }" ;;
    "out "*) echo "\${line#out }" ;;
    "err "*) say stats "cpu=\${line#err }" >&2 ;;
    esac
done
say end reason=lost
`;

export interface Scripted {
  readonly source: AgentSource;
  /** Lines of the agent and of this side, by run; what the other side said as \`type text\`. */
  readonly runs: string[][];
  readonly side: string[];
  readonly said: string[];
  /** Shells that were opened and are not closed yet. */
  readonly open: Set<Shell>;
  readonly connects: () => number;
  readonly modes: readonly string[];
  /** Resolves when all runs are over; to what ended them, if it was a failure. */
  readonly done: Promise<unknown>;
  readonly sideDone: Promise<void>;
  /** Everything that was heard, in order. */
  all(): string[];
}

export interface ScriptedOptions extends Partial<Omit<AgentSourceOptions, "plan">> {
  /** Before the nth connection, from 1 on. */
  readonly beforeConnect?: (nth: number) => Promise<void> | void;
  readonly plan?: (nth: number, wanted: AgentMode | undefined) => AgentPlan | Promise<AgentPlan>;
  /** A line of the agent as it arrives, which may be damaged on its way. */
  readonly onLine?: (line: string) => string;
  /** Part of the script in place of another. */
  readonly script?: (script: string) => string;
}

export type ScriptedSource = Pick<Scripted, "source" | "said" | "open" | "connects" | "modes">;

/** The source alone, for a session that reads it. */
export function scriptedSource(options: Omit<ScriptedOptions, "onLine"> = {}): ScriptedSource {
  const { beforeConnect, plan, script, ...rest } = options;
  const text = script === undefined ? SCRIPT : script(SCRIPT);
  const said: string[] = [];
  const open = new Set<Shell>();
  const modes: string[] = [];
  let connects = 0;
  const source = agentSource({
    label: "scripted:",
    reconnect: true,
    tickMs: 25,
    say: (news) => said.push(news),
    connect: async () => {
      connects += 1;
      await beforeConnect?.(connects);
      const local = localShell();
      const shell: Shell = {
        ...local,
        start: (_, args) => {
          modes.push(args[0]);
          return local.start(text, args);
        },
        close: async () => {
          open.delete(shell);
          await local.close();
        },
      };
      open.add(shell);
      return shell;
    },
    plan: async (_, wanted) => (plan === undefined ? planOf(wanted ?? "text") : plan(connects, wanted)),
    ...rest,
  });
  onTestFinished(() => source.close());
  return { source, said, open, connects: () => connects, modes };
}

/** The source, read to its end. */
export function scripted(options: ScriptedOptions = {}): Scripted {
  const { onLine, ...rest } = options;
  const made = scriptedSource(rest);
  const { source } = made;
  const runs: string[][] = [];
  const side: string[] = [];
  const done = readRuns(source, runs, onLine ?? ((line) => line)).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const sideDone = (async () => {
    for await (const line of source.side) side.push(textOf(line));
  })();
  return { ...made, runs, side, done, sideDone, all: () => runs.flat() };
}

async function readRuns(source: AgentSource, runs: string[][], onLine: (line: string) => string): Promise<void> {
  for await (const run of source.runs) {
    const heard: string[] = [];
    runs.push(heard);
    for await (const text of linesOf(run.bytes)) {
      const line = parseAgentLine(onLine(text), source.nonce);
      if (line === undefined) continue;
      heard.push(line === "damaged" ? line : textOf(line));
      source.hear(line);
    }
  }
}

function textOf({ type, text }: AgentLine): string {
  return text === "" ? type : `${type} ${text}`;
}
