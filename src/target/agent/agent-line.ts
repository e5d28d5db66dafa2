/**
 * The lines that the agent speaks in (docs/agent.md):
 *
 *     @kmemtap NONCE WRITER+SEQ TYPE text ~LENGTH
 *     @kmemtap ab12 p17 stats cpu=0 entries=12 overrun=0 … ~87
 *
 * LENGTH counts the characters between `@kmemtap ` and ` ~`: a line that something was printed into, or cut from, is told
 * by it and never read. The figures of mode hist, each of which stands for many events, have a checksum as well (`~87.4711`).
 */
export interface AgentLine {
  /** m: main, p: poller, l: launcher, o: output, h: hist; k: kmemtap itself, on this side of the link. */
  readonly writer: string;
  readonly seq: number;
  readonly type: string;
  /** All behind the type. */
  readonly text: string;
}

const FORM = /^@kmemtap (([A-Za-z0-9]+) ([a-z])(\d{1,9}) ([a-z-]+)(?: ([^]*))?) ~(\d{1,5})(?:\.(\d{1,5}))?$/;
/** What the program prints that is watched: any bytes at all. */
const OUTPUT = "out";
/** Awk's, which can afford a checksum; the shell cannot. */
const FIGURES = new Set(["name", "row", "map", "tick-done"]);

/** The line, if it is whole and of the agent with that nonce; "damaged" where it is not whole, undefined for another's. */
export function parseAgentLine(text: string, nonce: string): AgentLine | "damaged" | undefined {
  const match = FORM.exec(text);
  if (match === null) return text.startsWith("@kmemtap ") ? "damaged" : undefined;
  const [, body, from, writer, seq, type, rest = "", length] = match;
  const sum = match.at(8);
  if (!isOfLength(body, Number(length), type === OUTPUT)) return "damaged";
  if ((FIGURES.has(type) || sum !== undefined) && Number(sum) !== checksumOf(body)) return "damaged";
  if (from !== nonce) return undefined;
  return { writer, seq: Number(seq), type, text: rest };
}

/**
 * The shell counts bytes (LC_ALL=C). Of an output that is no UTF-8, one to three bytes have become one U+FFFD (three bytes) each.
 */
function isOfLength(body: string, bytes: number, isOutput: boolean): boolean {
  const most = Buffer.byteLength(body);
  if (most === bytes || !isOutput) return most === bytes;
  const replaced = body.split("\ufffd").length - 1;
  return bytes < most && bytes >= most - 2 * replaced;
}

/** Of a line of printable ASCII, the order of its characters included; as the agent's awk makes it. */
export function checksumOf(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum = (sum * 31 + text.charCodeAt(i)) % 65_521;
  return sum;
}

/** `key=value …` as a map; a value ends at the next space. */
export function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const field of text.split(" ")) {
    const equals = field.indexOf("=");
    if (equals > 0) fields.set(field.slice(0, equals), field.slice(equals + 1));
  }
  return fields;
}

/** A whole number that is at least 0; undefined where the text is anything else. */
export function countOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Seconds as the trace clock prints them, in nanoseconds; ticks, where the clock counts. */
export function clockNsOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}(\.\d{1,9})?$/.test(text) ? Math.round(Number(text) * 1e9) : undefined;
}

/** A line of this side, to stand in the stream among the agent's. */
export function ownLine(nonce: string, seq: number, text: string): string {
  const body = `${nonce} k${seq} ${text}`;
  return `@kmemtap ${body} ~${Buffer.byteLength(body)}`;
}
