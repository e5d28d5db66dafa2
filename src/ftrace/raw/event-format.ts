/**
 * How a target lays out what its ring buffer holds, as its own tracefs says it: `events/header_page` and `events/SYSTEM/EVENT/format`
 * (kernel/trace/trace_events.c). Never assumed: ids, offsets and sizes differ from kernel to kernel, and from one build to the next.
 */

import { zeroFlagOf } from "./zero-flag.ts";

/** One field of an event, or of a sub-buffer's header. */
export interface FormatField {
  readonly name: string;
  /** From the record's first byte. */
  readonly offset: number;
  readonly size: number;
}

export interface EventFormat {
  readonly name: string;
  readonly id: number;
  readonly fields: ReadonlyMap<string, FormatField>;
  /** See {@link zeroFlagOf}. */
  readonly zeroFlag: number;
}

/** A sub-buffer: 8 bytes of time, the commit word, then data. */
export interface PageFormat {
  readonly commitOffset: number;
  /** 8, or 4 on 32-bit kernels: that of a `long` there. */
  readonly longSize: 4 | 8;
  readonly dataOffset: number;
  readonly dataSize: number;
}

/** A sub-buffer is a page, or up to 64 of the largest. */
export const MAX_PAGE_BYTES = 16 << 20;
const FIELD = /^\s*field:(.+?)\s*;\s*offset:(\d+);\s*size:(\d+);/;

/** The event, or undefined where the text is none. */
export function parseEventFormat(text: string): EventFormat | undefined {
  const name = /^name: (\S+)$/m.exec(text)?.[1];
  const id = Number(/^ID: (\d+)$/m.exec(text)?.[1] ?? NaN);
  if (name === undefined || !Number.isSafeInteger(id)) return undefined;
  return { name, id, fields: fieldsIn(text), zeroFlag: zeroFlagOf(text) };
}

/** The sub-buffer's layout, or undefined where the text says none that can be read. */
export function parsePageFormat(text: string): PageFormat | undefined {
  const fields = fieldsIn(text);
  const [commit, data] = [fields.get("commit"), fields.get("data")];
  if (fields.get("timestamp")?.size !== 8 || commit === undefined || data === undefined) return undefined;
  if (commit.size !== 4 && commit.size !== 8) return undefined;
  if (commit.offset + commit.size > data.offset || data.offset + data.size > MAX_PAGE_BYTES) return undefined;
  return { commitOffset: commit.offset, longSize: commit.size, dataOffset: data.offset, dataSize: data.size };
}

function fieldsIn(text: string): Map<string, FormatField> {
  const fields = new Map<string, FormatField>();
  for (const line of text.split("\n")) {
    const match = FIELD.exec(line);
    if (match === null) continue;
    // `char comm[16]`, `__data_loc char[] name`, `unsigned long call_site`
    const name = /(\w+)(?:\[\w*\])?$/.exec(match[1])?.[1];
    if (name !== undefined) fields.set(name, { name, offset: Number(match[2]), size: Number(match[3]) });
  }
  return fields;
}
