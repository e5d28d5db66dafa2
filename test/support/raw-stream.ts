/** What the agent sends in mode raw, and what comes of it. */
import { RawDecoder } from "../../src/ftrace/raw/raw-decoder.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import type { EventBatch, LossMark } from "../../src/model/event-batch.ts";
import { LineClass, LineTally } from "../../src/model/line-tally.ts";
import { KernelSymbols } from "../../src/symbols/kernel-symbols.ts";
import { said } from "./agent-lines.ts";
import { expectCpuEvents } from "./cpu-events.ts";

/** Lines of the agent's reader, as bytes. */
export function says(text: string, writer = "r1"): Buffer {
  return Buffer.from(`${said(writer, text)}\n`);
}

/** A chunk of this side, with what belongs to its line. */
export function own(text: string, bytes: Uint8Array = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from(`\n${said("k1", text)}\n`), bytes]);
}

export function blob(name: string, text: string | Uint8Array): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([says(`blob name=${name} bytes=${bytes.length}`), bytes]);
}

export function stats(cpu: number, { entries = 0, read = 0, now = 0 }): Buffer {
  return says(`stats cpu=${cpu} entries=${entries} overrun=0 now=${now.toFixed(6)} read=${read} kb=64`);
}

export function pages(cpu: number, ...sent: readonly Uint8Array[]): Buffer {
  return Buffer.concat([says(`pages cpu=${cpu}`), ...sent]);
}

/** A decoder, and all that came out of it: an event as `kind ptr site req/alloc cpu ns`. */
export class RawBench {
  readonly sites = new CallSiteTable();
  readonly names = new KernelSymbols();
  readonly decoder = new RawDecoder(this.sites, this.names);
  readonly events: string[] = [];
  readonly marks: string[] = [];
  readonly losses: LossMark[] = [];
  readonly tally = new LineTally();

  push(...chunks: readonly Uint8Array[]): this {
    for (const chunk of chunks) this.#take(this.decoder.push(chunk));
    return this;
  }

  /** Bytes are missing here. */
  tear(): this {
    this.#take(this.decoder.cut(LineClass.truncated));
    return this;
  }

  end(): this {
    this.#take(this.decoder.end());
    return this;
  }

  #take(batch: EventBatch): void {
    expectCpuEvents(batch);
    for (const mark of batch.marks)
      this.marks.push(`${this.events.length + mark.at} ${mark.text.split(" ").slice(3).join(" ")}`);
    for (let i = 0; i < batch.length; i++) {
      const ptr = ((BigInt(batch.ptrHigh[i]) << 32n) | BigInt(batch.ptrLow[i])).toString(16);
      const bytes = batch.kind[i] < 2 ? ` ${batch.bytesReq[i]}/${batch.bytesAlloc[i]}` : "";
      this.events.push(
        `${"acfF"[batch.kind[i]]} ${ptr} ${this.sites.text(batch.callSite[i])}${bytes} cpu${batch.cpu[i]} ${batch.timeNs[i]}`,
      );
    }
    this.losses.push(...batch.losses);
    this.tally.add(batch.tally);
  }
}
