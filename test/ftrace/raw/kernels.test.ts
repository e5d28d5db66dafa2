/**
 * The same ring buffers as real kernels print them and as they are: both decoders must say the same of every event, down to
 * the pointer and the call site's text. fixtures/raw-…: scripts/raw-fixture.sh made them.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { TextDecoder } from "../../../src/ftrace/text-decoder.ts";
import { CallSiteTable } from "../../../src/model/call-site-table.ts";
import type { EventBatch } from "../../../src/model/event-batch.ts";
import { LineClass } from "../../../src/model/line-tally.ts";
import { blob, own, pages, RawBench, says } from "../../support/raw-stream.ts";

const FIXTURES = fileURLToPath(new URL("../../../fixtures/", import.meta.url));
const KERNELS = readdirSync(FIXTURES).filter((name) => name.startsWith("raw-"));

describe.each(KERNELS)("%s", (kernel) => {
  const read = (name: string) => {
    const path = `${FIXTURES}${kernel}/${name}`;
    return existsSync(path) ? readFileSync(path) : gunzipSync(readFileSync(`${path}.gz`));
  };

  const fromRecords = (): RawBench => {
    const raw = new RawBench().push(own("session mode=raw"), blob("header_page", read("header_page")));
    for (const format of read("formats")
      .toString()
      .split(/^(?=name: )/m))
      raw.push(blob("format", format));
    const kallsyms = read("kallsyms");
    raw.push(own(`blob name=kallsyms bytes=${kallsyms.length}`, kallsyms));
    for (const name of readdirSync(`${FIXTURES}${kernel}`).filter((file) => file.includes(".raw"))) {
      raw.push(pages(Number(/\d+/.exec(name)?.[0]), read(name.replace(/\.gz$/, ""))), says("round"));
    }
    return raw.end();
  };

  it("has the same events, marks and ignored frees either way", () => {
    const text = asText(read("trace.txt"));
    const raw = fromRecords();
    expect(raw.events.length).toBeGreaterThan(1000);
    // The text has microseconds, rounded.
    expect(raw.events.map((event) => event.replace(/\d+$/, (ns) => String(Math.round(Number(ns) / 1000))))).toEqual(
      text.events,
    );
    expect(raw.marks.slice(1).map(withoutPlace)).toEqual(text.marks);
    expect(raw.tally.lines[LineClass.nullFree]).toBe(text.nullFrees);
    expect(raw.tally.rejectedLines).toBe(0);
    expect(raw.losses).toEqual([]);
  });

  it("tells who asks for zeroed memory, by the flags of the first allocation, as the text does", () => {
    const { sites } = asText(read("trace.txt"));
    const raw = fromRecords();
    const asking = (table: CallSiteTable) =>
      Array.from({ length: table.size }, (_, id) => [table.text(id), table.asksForZeros(id)] as const);
    const byRecords = new Map(asking(raw.sites));
    const told = asking(sites).filter(([, asks]) => asks !== undefined);
    expect(told.filter(([, asks]) => asks === true).length).toBeGreaterThan(10);
    expect(told.map(([site]) => [site, byRecords.get(site)])).toEqual(told);
  });
});

function withoutPlace(mark: string): string {
  return mark.replace(/^\d+ /, "");
}

function asText(trace: Uint8Array) {
  const sites = new CallSiteTable();
  const decoder = new TextDecoder(sites);
  const events: string[] = [];
  const marks: string[] = [];
  let nullFrees = 0;
  const take = (batch: EventBatch) => {
    for (let i = 0; i < batch.length; i++) {
      const ptr = ((BigInt(batch.ptrHigh[i]) << 32n) | BigInt(batch.ptrLow[i])).toString(16);
      const bytes = batch.kind[i] < 2 ? ` ${batch.bytesReq[i]}/${batch.bytesAlloc[i]}` : "";
      const site = sites.text(batch.callSite[i]);
      events.push(
        `${"acfF"[batch.kind[i]]} ${ptr} ${site}${bytes} cpu${batch.cpu[i]} ${Math.round(batch.timeNs[i] / 1000)}`,
      );
    }
    marks.push(...batch.marks.map(({ text }) => text.split(" ").slice(3).join(" ")));
    nullFrees += batch.tally.lines[LineClass.nullFree];
  };
  take(decoder.push(trace));
  take(decoder.end());
  return { events, marks, nullFrees, sites };
}
