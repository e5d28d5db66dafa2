/** Recorded trace text to an account: the same decoder and ledger as live, without what time and sharing need. */
import { EventLedger } from "../accounting/ledger.ts";
import { TextDecoder } from "../ftrace/text-decoder.ts";
import { CallSiteTable } from "../model/call-site-table.ts";
import { KmemtapError } from "../model/errors.ts";
import type { EventBatch } from "../model/event-batch.ts";
import { LineClass, LineTally } from "../model/line-tally.ts";
import type { AccountFilter, Snapshot } from "../model/snapshot.ts";

/** A named stream of trace text. */
export interface RecordingInput {
  readonly label: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface RecordedAccount {
  readonly snapshot: Snapshot;
  /** Frees by the call site that freed. */
  readonly freeingCallSites: ReadonlyMap<string, number>;
}

/** One account of all inputs, read one after the other as parts of one trace. */
export async function accountRecording(
  inputs: readonly RecordingInput[],
  filter: AccountFilter,
): Promise<RecordedAccount> {
  const callSites = new CallSiteTable();
  const ledger = new EventLedger(callSites, { filter });
  const damagedInput: string[] = [];
  for (const input of inputs) {
    const damage = await accountInput(input, callSites, ledger);
    if (damage !== undefined) damagedInput.push(damage);
  }
  const label = inputs.map((input) => input.label).join(" ");
  const snapshot = ledger.snapshot({ source: { label, recording: true, run: 1 }, damagedInput });
  return { snapshot, freeingCallSites: ledger.freeingCallSites() };
}

/** Accounts one input; what damage ended it, if any did. */
async function accountInput(
  input: RecordingInput,
  callSites: CallSiteTable,
  ledger: EventLedger,
): Promise<string | undefined> {
  const decoder = new TextDecoder(callSites);
  const tally = new LineTally();
  let damage: string | undefined;
  const account = (batch: EventBatch) => {
    ledger.apply(batch);
    tally.add(batch.tally);
  };
  try {
    for await (const chunk of input.chunks) account(decoder.push(chunk));
  } catch (thrown) {
    // Everything before the damage was read, so the account stands, marked. Without anything read there is none.
    if (!(thrown instanceof KmemtapError) || tally.totalBytes === 0) throw thrown;
    damage = thrown.message;
  }
  account(decoder.end());
  refuseForeign(input.label, tally);
  return damage;
}

function refuseForeign(label: string, tally: LineTally): void {
  if (tally.totalBytes === 0) {
    throw new KmemtapError("input/empty", `${label} is empty`, {
      nextStep: "record a trace first: kmemtap demo, or `cat trace > FILE`",
    });
  }
  if (tally.traceLines > 0) return;
  if (tally.lines[LineClass.printkEvent] > 0) {
    throw new KmemtapError("input/not-a-trace", `${label} holds tp_printk lines of the kernel's log, not a trace`, {
      nextStep: "read the ring buffer itself: /sys/kernel/tracing/trace or trace_pipe",
    });
  }
  throw new KmemtapError("input/not-a-trace", `${label} is not a kernel trace`, {
    nextStep: "give the text of /sys/kernel/tracing/trace or trace_pipe, with kmem events",
  });
}
