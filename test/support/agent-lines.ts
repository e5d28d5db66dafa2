/** Lines as the agent says them, and as they are read. */
import { type AgentLine, checksumOf } from "../../src/target/agent/agent-line.ts";

export const NONCE = "kab12cd";

/** `@kmemtap kab12cd p17 stats cpu=0 … ~87` */
export function said(writerSeq: string, text: string, nonce = NONCE): string {
  const body = `${nonce} ${writerSeq} ${text}`;
  const sum = /^(name|row|map|tick-done)\b/.test(text) ? `.${checksumOf(body)}` : "";
  return `@kmemtap ${body} ~${Buffer.byteLength(body)}${sum}`;
}

/** `stats cpu=0 …` as a line of writer `m`. */
export function line(text: string, writer = "m", seq = 1): AgentLine {
  const space = text.indexOf(" ");
  return space < 0
    ? { writer, seq, type: text, text: "" }
    : { writer, seq, type: text.slice(0, space), text: text.slice(space + 1) };
}

export interface Stats {
  readonly cpu?: number | string;
  readonly entries?: number | string;
  readonly overrun?: number | string;
  readonly commit?: number | string;
  readonly bytes?: number | string;
  readonly oldest?: string;
  readonly now?: string;
  readonly dropped?: number | string;
  readonly read?: number | string;
  readonly kb?: number | string;
}

/** A `stats` line's text as agent/kmemtap-agent.sh composes it. */
export function stats(fields: Stats): string {
  const all = { cpu: 0, entries: 10, overrun: 0, commit: 0, bytes: 1000, oldest: "1.000000", now: "2.000000" };
  const rest = { dropped: 0, read: 100, kb: 64 };
  return `stats ${Object.entries({ ...all, ...rest, ...fields })
    .map(([key, value]) => `${key}=${value}`)
    .join(" ")}`;
}
