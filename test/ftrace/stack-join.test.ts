/** Stacks of a real kernel (fixtures/raw-6.18-amd64-stacks): the same ring buffer as text and raw, cut anywhere. */
import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { maxObjectsIn } from "../../src/accounting/ledger-options.ts";
import { EventLedger } from "../../src/accounting/ledger.ts";
import { StackCharging } from "../../src/capture/stack-charging.ts";
import { RawDecoder } from "../../src/ftrace/raw/raw-decoder.ts";
import { TextDecoder } from "../../src/ftrace/text-decoder.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import type { EventBatch } from "../../src/model/event-batch.ts";
import type { Decoder } from "../../src/model/ports.ts";
import { WrapperList } from "../../src/model/wrapper-list.ts";
import { KernelSymbols } from "../../src/symbols/kernel-symbols.ts";
import { SOURCE } from "../support/account.ts";
import { inPieces } from "../support/decode.ts";
import { blob, own, pages, says } from "../support/raw-stream.ts";

const DIR = "fixtures/raw-6.18-amd64-stacks";
const WRAPPERS = WrapperList.parse(readFileSync("config/wrappers.txt", "utf8"));
const unpacked = (name: string) => gunzipSync(readFileSync(`${DIR}/${name}.gz`));
const TEXT = unpacked("trace.txt");

function rawStream(): Buffer[] {
  const formats = unpacked("formats").toString();
  const kallsyms = unpacked("kallsyms");
  return [
    own("session mode=raw"),
    blob("header_page", readFileSync(`${DIR}/header_page`)),
    ...formats.split(/^(?=name: )/m).map((format) => blob("format", format)),
    own(`blob name=kallsyms bytes=${kallsyms.length}`, kallsyms),
    ...readdirSync(DIR)
      .filter((name) => name.includes(".raw"))
      .flatMap((name) => [pages(Number(/\d+/.exec(name)?.[0]), unpacked(name.replace(/\.gz$/, ""))), says("round")]),
  ];
}

function accounted(
  chunks: Iterable<Uint8Array>,
  decoderOf: (sites: CallSiteTable) => Decoder,
  { isExpected = true, wrappers = WRAPPERS, max = undefined as number | undefined } = {},
) {
  const sites = new CallSiteTable();
  const decoder = decoderOf(sites);
  const ledger = new EventLedger(sites);
  const options = { filter: "all", maxObjects: maxObjectsIn(), wrappers, isExpected, rows: Infinity, max } as const;
  const charging = new StackCharging(sites, options);
  const apply = (batch: EventBatch) => {
    charging.account.apply(batch);
    ledger.apply(batch);
  };
  for (const chunk of chunks) apply(charging.take(decoder.push(chunk)));
  apply(charging.end(decoder.end()));
  const { callers, totals, stacks } = charging.complete(ledger.snapshot({ source: SOURCE }));
  return { callers, totals, stacks };
}

const text = (chunks: Iterable<Uint8Array>, options = {}) =>
  accounted(chunks, (sites) => new TextDecoder(sites), options);
const raw = () => accounted(rawStream(), (sites) => new RawDecoder(sites, new KernelSymbols()));
const bySite = ({ callers }: ReturnType<typeof text>) =>
  new Map(callers.map(({ callSite, allocs, totalBytes, via }) => [callSite, { allocs, totalBytes, via }]));

describe("stacks behind their events", () => {
  it("charge the same callers, by the same stacks, as text and as sub-buffers", () => {
    const asText = text([TEXT]);
    const asRaw = raw();
    expect(asText.stacks?.charged).toBeGreaterThan(300);
    // The events were on a moment before the triggers.
    expect(asText.stacks).toMatchObject({ charged: asText.totals.allocs - 45, stackless: 45, unmatched: 0, beyond: 0 });
    expect(asRaw.stacks).toMatchObject({ charged: asText.stacks?.charged, stackless: 45, unmatched: 0 });
    expect(bySite(asRaw)).toEqual(bySite(asText));
    expect(new Set(asRaw.stacks?.rows?.map(({ frames }) => frames.join()))).toEqual(
      new Set(asText.stacks?.rows?.map(({ frames }) => frames.join())),
    );
    expect(asText.callers.some(({ via }) => via !== undefined)).toBe(true);
  });

  it.each([7, 61, 4096])("are the same in pieces of %d bytes", (size) => {
    for (const isExpected of [true, false])
      expect(text(inPieces(TEXT, size), { isExpected })).toEqual(text([TEXT], { isExpected }));
  });

  it("cost one allocation its stack where nobody said that there would be some", () => {
    const charged = text([TEXT]).stacks?.charged ?? 0;
    expect(text([TEXT], { isExpected: false }).stacks).toMatchObject({
      charged: charged - 1,
      unmatched: 1,
      stackless: 0,
    });
  });

  it("change whose the sums are, not what they add up to", () => {
    const charged = text([TEXT]);
    const plain = text([TEXT], { wrappers: new WrapperList([]) });
    expect({ ...plain.totals, callSites: 0 }).toEqual({ ...charged.totals, callSites: 0 });
    const of = ({ callers }: typeof plain, name: string) =>
      callers.filter(({ callSite }) => callSite.startsWith(`${name}+`));
    expect(of(plain, "mas_preallocate").length + of(plain, "mas_store_gfp").length).toBeGreaterThan(0);
    expect(of(charged, "mas_preallocate")).toEqual([]);
  });

  it("are forgotten beyond a limit, and charge all the same", () => {
    const all = text([TEXT]);
    const few = text([TEXT], { max: 3 });
    expect(few.stacks).toMatchObject({ distinct: 3, charged: all.stacks?.charged });
    expect(few.stacks?.beyond).toBeGreaterThan(0);
    expect(few.callers.map(({ callSite, allocs }) => [callSite, allocs])).toEqual(
      all.callers.map(({ callSite, allocs }) => [callSite, allocs]),
    );
  });
});
