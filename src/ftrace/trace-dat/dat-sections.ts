/** The descriptions that both versions have in the same layout, filled in as they are met. */
import { type PageFormat, parsePageFormat } from "../raw/event-format.ts";
import { readLayout, type RecordLayout } from "../raw/record-layouts.ts";
import { type DatCursor, DatDamage } from "./dat-cursor.ts";
import type { DatCpuStats } from "./dat-file.ts";

const MAX_SYSTEMS = 10_000;
const MAX_EVENTS = 100_000;

export class DatSections {
  page: PageFormat | undefined;
  readonly layouts: (RecordLayout | undefined)[] = [];
  kallsyms = "";
  /** Text of saved_cmdlines. */
  cmdlines = "";
  readonly stats: DatCpuStats[] = [];
  /** Whose stats come next. */
  #statsOf = "";

  /** `header_page` and `header_event`. */
  async readHeaderInfo(cursor: DatCursor): Promise<void> {
    for (const expected of ["header_page", "header_event"]) {
      const name = await cursor.string();
      if (name !== expected) throw new DatDamage(`there is no ${expected} at byte ${String(cursor.at)}`);
      const text = await cursor.text(await cursor.u64());
      if (name === "header_page") this.page = parsePageFormat(text);
    }
  }

  /** The events of ftrace itself: what is written to trace_marker is one. */
  async readFtraceEvents(cursor: DatCursor): Promise<void> {
    await this.#readFormats(cursor);
  }

  async readEventFormats(cursor: DatCursor): Promise<void> {
    const systems = await cursor.u32();
    if (systems > MAX_SYSTEMS) throw new DatDamage(`it cannot have ${String(systems)} event systems`);
    for (let i = 0; i < systems; i++) {
      await cursor.string();
      await this.#readFormats(cursor);
    }
  }

  async readKallsyms(cursor: DatCursor): Promise<void> {
    this.kallsyms = await cursor.text(await cursor.u32());
  }

  async readCmdlines(cursor: DatCursor): Promise<void> {
    this.cmdlines = await cursor.text(await cursor.u64());
  }

  /** The option CPUSTAT: `Buffer: NAME`, or what the kernel says of one CPU's ring buffer. */
  takeStats(text: string): void {
    const buffer = /^\s*Buffer: (.*)$/m.exec(text)?.[1];
    if (buffer !== undefined) this.#statsOf = buffer.trim();
    const cpu = /^CPU: (\d+)$/m.exec(text)?.[1];
    if (cpu === undefined) return;
    // `overrun` would match within `commit overrun`.
    const lost = ["overrun", "commit overrun", "dropped events"].map((key) =>
      Number(new RegExp(`^${key}: (\\d+)$`, "m").exec(text)?.[1] ?? 0),
    );
    this.stats.push({ buffer: this.#statsOf, cpu: Number(cpu), lost: lost.reduce((sum, events) => sum + events, 0) });
  }

  async #readFormats(cursor: DatCursor): Promise<void> {
    const count = await cursor.u32();
    if (count > MAX_EVENTS) throw new DatDamage(`a system cannot have ${String(count)} events`);
    for (let i = 0; i < count; i++) {
      const read = readLayout(await cursor.text(await cursor.u64()));
      if (read !== undefined) this.layouts[read.id] = read.layout;
    }
  }
}
