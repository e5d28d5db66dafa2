/** What an agent says, taken in as it comes: its lines, and the trace's events beside them. Shared with the end-to-end tests. */
import { type AgentLine, fieldsOf, parseAgentLine } from "../../../src/target/agent/agent-line.ts";
import { until } from "../../support/until.ts";

export interface AgentEar {
  /** Its whole lines, in the order of the stream; on the second channel they stand apart. */
  readonly lines: readonly AgentLine[];
  readonly side: readonly AgentLine[];
  /** Lines of its own that did not arrive whole. */
  readonly damaged: readonly string[];
  /** The trace's lines. */
  readonly events: readonly string[];
  /** The first line of that type (and name, for phases), when it has come. */
  heard(type: string, name?: string): Promise<AgentLine>;
  all(type: string): AgentLine[];
  /** What the workload has printed, put together as kmemtap does. */
  output(): string;
  /** Resolves when the stream has ended. */
  readonly ended: Promise<void>;
}

const LIMIT_MS = 60_000;

export function listen(nonce: string, bytes: AsyncIterable<Uint8Array>, errors?: AsyncIterable<Uint8Array>): AgentEar {
  const lines: AgentLine[] = [];
  const side: AgentLine[] = [];
  const damaged: string[] = [];
  const events: string[] = [];
  let over = false;
  const take = (heard: AgentLine[], line: string) => {
    const at = line.indexOf("@kmemtap ");
    if (at < 0) {
      if (line !== "") events.push(line);
      return;
    }
    // As the decoder does it: bytes become text a line at a time.
    const parsed = parseAgentLine(Buffer.from(line.slice(at), "latin1").toString("utf8"), nonce);
    if (parsed === "damaged") damaged.push(line);
    else if (parsed !== undefined) heard.push(parsed);
  };
  // The other side may also be torn off.
  const ended = readLines(bytes, (line) => take(lines, line))
    .catch(() => undefined)
    .finally(() => (over = true));
  if (errors !== undefined) void readLines(errors, (line) => take(side, line)).catch(() => undefined);
  const nameOf = ({ type, text }: AgentLine) =>
    type === "output-end" ? text.split(" ")[0] : fieldsOf(text).get("name");
  return {
    lines,
    side,
    damaged,
    events,
    ended,
    heard: async (type, name) => {
      const find = () => lines.find((line) => line.type === type && (name === undefined || nameOf(line) === name));
      await until(`${type} ${name ?? ""}`, () => find() !== undefined || over, LIMIT_MS);
      const found = find();
      if (found === undefined) {
        const last = lines.slice(-5).map((line) => `${line.type} ${line.text}`);
        throw new Error(`the agent ended without ${type} ${name ?? ""}; it said ${last.join("; ")}`);
      }
      return found;
    },
    all: (type) => lines.filter((line) => line.type === type),
    output: () =>
      lines
        .filter(({ type }) => type === "out")
        .map(({ text }) => text.slice(1) + (text.startsWith("=") ? "\n" : ""))
        .join(""),
  };
}

/** The pids of an agent's own processes, by what its `armed` line calls them. */
export function pidsOf(armed: AgentLine): ReadonlyMap<string, number> {
  const fields = [...fieldsOf(armed.text)].filter(([key]) => ["main", "reader", "poller", "pump", "pid"].includes(key));
  return new Map(fields.map(([key, value]) => [key, Number(value)]));
}

/** The pid that a line of the trace names. */
export function eventPid(line: string): number {
  return Number(/^.{16}-(\d+)/.exec(line)?.[1]);
}

async function readLines(bytes: AsyncIterable<Uint8Array>, take: (line: string) => void): Promise<void> {
  let rest = "";
  for await (const chunk of bytes) {
    const lines = (rest + Buffer.from(chunk).toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line.replace(/\r+$/, ""));
  }
  if (rest !== "") take(rest);
}
