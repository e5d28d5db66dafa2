/**
 * Recorded trace text, a trace.dat, or a console's tp_printk lines, to an account: the same decoders and ledger as live, without what time
 * and sharing need.
 */
import { composeLives } from "../accounting/compose-lives.ts";
import { composeTasks } from "../accounting/compose-tasks.ts";
import { LifetimeAccount } from "../accounting/lifetimes.ts";
import { type LedgerOptions, maxObjectsIn } from "../accounting/ledger-options.ts";
import { EventLedger } from "../accounting/ledger.ts";
import { TaskAccount } from "../accounting/task-account.ts";
import type { StackAccount } from "../accounting/stack-account.ts";
import { type PrintkBatch, PrintkDecoder } from "../ftrace/printk-decoder.ts";
import { EventColumns } from "../ftrace/event-columns.ts";
import { TextDecoder } from "../ftrace/text-decoder.ts";
import { CallSiteTable } from "../model/call-site-table.ts";
import { KmemtapError } from "../model/errors.ts";
import type { EventBatch } from "../model/event-batch.ts";
import { LineClass, LineTally } from "../model/line-tally.ts";
import type { PrintkFacts } from "../model/printk.ts";
import type { AccountFilter, Snapshot, SnapshotContext } from "../model/snapshot.ts";
import { TaskTable } from "../model/task-table.ts";
import type { WrapperList } from "../model/wrapper-list.ts";
import { inputKind } from "./input-kind.ts";
import { PrintkJoin } from "./join-printk.ts";
import { readDatInput } from "./read-dat-input.ts";
import type { TimeWindow } from "./time-window.ts";
import type { LedgerFeed } from "./ledger-feed.ts";
import { consoleAmongTraces, empty, notATrace, perfData } from "./recording-errors.ts";
import { StackCharging } from "./stack-charging.ts";

/** A named stream of trace text, of a trace.dat, or of a console's text. */
export interface RecordingInput {
  readonly label: string;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** The file behind the chunks, where there is one: a trace.dat is not read in its own order. */
  readonly path?: string;
  /** Told how many more bytes of that file were read, where it is not read by its chunks. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

export interface RecordedAccount {
  readonly snapshot: Snapshot;
  /** Frees by the call site that freed. */
  readonly freeingCallSites: ReadonlyMap<string, number>;
  /** What each kernel stack holds; absent where the trace has none. */
  readonly stacks?: StackAccount | undefined;
  /** Of a part that is told from the first event: how long the whole trace is, nanoseconds. */
  readonly traceNs?: number | undefined;
}

export interface RecordingOptions {
  /** Looks at the account on its way. */
  readonly sampler?: LedgerFeed;
  /** The console of the same boot, with tp_printk's lines. */
  readonly console?: RecordingInput;
  /** Accounts no more than this of it. */
  readonly window?: TimeWindow | undefined;
  /** What the live objects may take, MiB. */
  readonly memoryMb?: number | undefined;
  /** Functions that allocate for their callers. */
  readonly wrappers?: WrapperList | undefined;
  /** Keeps who frees what, and for how long it lived; not of a console alone. */
  readonly lifetimes?: boolean | undefined;
  /** Keeps which task allocated what. */
  readonly tasks?: boolean | undefined;
  /** Stacks that the snapshot lists, where there are any. */
  readonly stackRows?: number | undefined;
}

/**
 * One account of all inputs, read one after the other as parts of one trace: of trace text, with the console's tp_printk lines
 * where one is given; or of consoles alone.
 *
 * @throws {KmemtapError} `input/empty`, `input/not-a-trace`, and what reading throws
 */
export async function accountRecording(
  inputs: readonly RecordingInput[],
  filter: AccountFilter,
  options: RecordingOptions = {},
): Promise<RecordedAccount> {
  const account = await accountOf(inputs, filter, options);
  const isWhole = account.snapshot.loss.damagedInput.length === 0;
  return isWhole ? { ...account, traceNs: options.window?.traceNs() } : account;
}

async function accountOf(
  inputs: readonly RecordingInput[],
  filter: AccountFilter,
  options: RecordingOptions,
): Promise<RecordedAccount> {
  const callSites = new CallSiteTable();
  const maxObjects = maxObjectsIn(options.memoryMb);
  const { wrappers } = options;
  const ledger = new EventLedger(callSites, { filter, maxObjects, wrappers });
  const damagedInput: string[] = [];
  const source = { label: labelOf(options.console, inputs), recording: true, run: 1 };
  const context = { source, damagedInput };
  const { sampler, window } = options;
  const onDamage = {
    // Text is in the order of its clock: what ended it is behind the part that was asked for.
    inText: (damage: readonly string[]) => damagedInput.push(...(window?.isPast === true ? [] : damage)),
    inDat: (damage: readonly string[]) => damagedInput.push(...damage),
  };
  const lifetimes = options.lifetimes === true ? new LifetimeAccount({ filter, maxObjects }) : undefined;
  const tasks =
    options.tasks === true ? new TaskAccount(new TaskTable(), callSites, { filter, maxObjects }) : undefined;
  const extras = (): Partial<Snapshot> => ({
    ...(lifetimes !== undefined && { lives: composeLives(lifetimes, callSites) }),
    ...(tasks !== undefined && { tasks: composeTasks(tasks) }),
  });
  const reading = { callSites, tasks: tasks?.tasks };
  const within = (batch: EventBatch) => window?.clip(batch) ?? batch;
  const applyTo = (to: EventLedger, batch: EventBatch) => {
    if (sampler === undefined) to.apply(batch);
    else sampler.apply(to, batch);
    if (to !== ledger) return;
    lifetimes?.apply(batch);
    tasks?.apply(batch);
  };
  if (options.console !== undefined) {
    const join = new PrintkJoin(callSites, tasks?.tasks);
    await readConsole(options.console, join, damagedInput);
    for (const input of inputs) {
      const { isConsole } = await accountInput(input, reading, undefined, onDamage, (batch) => {
        applyTo(ledger, within(join.take(batch)));
      });
      if (isConsole) throw consoleAmongTraces(input.label);
    }
    applyTo(ledger, within(join.finish()));
    const facts = { mode: "printk", modeReason: CONSOLE_AND_TRACE, printk: join.facts, ...extras() } as const;
    return resultOf(ledger, context, facts);
  }

  // What a file is shows as it is read, and standard input is read once: until a trace line comes it may be a console.
  const consoles = new ConsoleAccount({ filter, maxObjects, wrappers }, (to, batch) => applyTo(to, within(batch)));
  let console: string | undefined;
  let traces = 0;
  const charging = new StackCharging(callSites, { filter, maxObjects, wrappers, rows: options.stackRows });
  const account = (charged: EventBatch) => {
    const batch = within(charged);
    charging.account.apply(batch);
    applyTo(ledger, batch);
  };
  for (const input of inputs) {
    const { isConsole } = await accountInput(input, reading, consoles, onDamage, (batch) => {
      account(charging.take(batch));
    });
    account(charging.end(new EventColumns()));
    if (isConsole) console ??= input.label;
    else traces += 1;
    if (console !== undefined && traces > 0) throw consoleAmongTraces(console);
  }
  if (console === undefined) {
    const { snapshot, freeingCallSites } = resultOf(ledger, context, extras());
    const stacks = charging.any ? charging.account : undefined;
    return { snapshot: charging.complete(snapshot), freeingCallSites, stacks };
  }
  return resultOf(consoles.ledger, context, { mode: "printk", modeReason: CONSOLE_ALONE, printk: consoles.facts() });
}

const CONSOLE_ALONE = "tp_printk lines of the console, without a trace";
const CONSOLE_AND_TRACE = "tp_printk lines of the console, joined with the trace of the same boot";

function labelOf(console: RecordingInput | undefined, inputs: readonly RecordingInput[]): string {
  const all = console === undefined ? inputs : [console, ...inputs];
  return all.map((input) => input.label).join(" ");
}

function resultOf(ledger: EventLedger, context: SnapshotContext, facts: Partial<Snapshot>): RecordedAccount {
  return { snapshot: { ...ledger.snapshot(context), ...facts }, freeingCallSites: ledger.freeingCallSites() };
}

/** Consoles without a trace. */
class ConsoleAccount {
  readonly callSites = new CallSiteTable();
  readonly ledger: EventLedger;
  #events = 0;
  #droppedMessages = 0;

  readonly #applyTo: (ledger: EventLedger, batch: EventBatch) => void;

  constructor(options: LedgerOptions, applyTo: (ledger: EventLedger, batch: EventBatch) => void) {
    this.ledger = new EventLedger(this.callSites, options);
    this.#applyTo = applyTo;
  }

  apply(batch: PrintkBatch): void {
    this.#applyTo(this.ledger, batch);
    this.#events += batch.length;
    for (const { messages } of batch.drops) this.#droppedMessages += messages;
  }

  facts(): PrintkFacts {
    return {
      events: this.#events,
      matched: 0,
      consoleOnly: this.#events,
      traceOnly: 0,
      recoveredEvents: 0,
      droppedMessages: this.#droppedMessages,
      clockOffsetNs: null,
    };
  }
}

/** Reads a console to its end, before the trace that it is joined with. */
async function readConsole(input: RecordingInput, join: PrintkJoin, damagedInput: string[]): Promise<void> {
  let bytes = 0;
  const damage = await readInput(input, (chunk) => {
    bytes += chunk.length;
    join.readConsole(chunk);
    return bytes;
  });
  join.endConsole();
  damagedInput.push(...damage);
  if (bytes === 0) throw empty(input.label);
  if (join.facts.events > 0) return;
  throw new KmemtapError("input/not-a-trace", `${input.label} holds no tp_printk lines with kmem events`, {
    nextStep: "boot with tp_printk and trace_event=kmem:… and keep the console's output, or leave --console out",
  });
}

/** What decoders find ids in. */
interface Tables {
  readonly callSites: CallSiteTable;
  readonly tasks: TaskTable | undefined;
}

/**
 * Accounts one input; what it turned out to be.
 *
 * @param consoles where to account it as long as it may be a console; undefined where it must not be one
 */
async function accountInput(
  input: RecordingInput,
  { callSites, tasks }: Tables,
  consoles: ConsoleAccount | undefined,
  onDamage: Readonly<Record<"inText" | "inDat", (damage: readonly string[]) => unknown>>,
  apply: (batch: EventBatch) => void,
): Promise<{ readonly isConsole: boolean }> {
  const { kind, chunks } = await inputKind(input.chunks);
  if (kind === "perf.data") throw perfData(input.label);
  if (kind === "trace.dat") {
    onDamage.inDat(await readDatInput(input, chunks, callSites, apply, tasks));
    return { isConsole: false };
  }
  const decoder = new TextDecoder(callSites, { tasks });
  const printk = consoles === undefined ? undefined : new PrintkDecoder(consoles.callSites);
  const tally = new LineTally();
  const account = (batch: EventBatch) => {
    apply(batch);
    tally.add(batch.tally);
  };
  const damage = await readInput({ ...input, chunks }, (chunk) => {
    account(decoder.push(chunk));
    if (printk !== undefined && !holdsTrace(tally)) consoles?.apply(printk.push(chunk));
    return tally.totalBytes;
  });
  account(decoder.end());
  onDamage.inText(damage);
  if (tally.totalBytes === 0) throw empty(input.label);
  const isConsole = tally.lines[LineClass.printkEvent] > 0 && !holdsTrace(tally);
  if (!isConsole && tally.traceLines === 0) throw notATrace(input.label);
  if (isConsole && printk !== undefined) consoles?.apply(printk.end());
  return { isConsole };
}

/**
 * Reads an input to its end, or to where it is damaged: everything before that was read, so the account stands, marked. Without
 * anything read there is none.
 *
 * @param take returns how much was read so far
 * @returns what the damage was
 */
async function readInput(input: RecordingInput, take: (chunk: Uint8Array) => number): Promise<string[]> {
  let bytes = 0;
  try {
    for await (const chunk of input.chunks) bytes = take(chunk);
  } catch (thrown) {
    if (!(thrown instanceof KmemtapError) || bytes === 0) throw thrown;
    return [thrown.message];
  }
  return [];
}

/** Lines that only a trace has; what is left of a torn event may be left of a console's. */
const CERTAIN_TRACE = [
  LineClass.event,
  LineClass.nullFree,
  LineClass.failedAllocation,
  LineClass.otherEvent,
  LineClass.lostMarker,
  LineClass.traceHeader,
];

function holdsTrace({ lines }: LineTally): boolean {
  return CERTAIN_TRACE.some((lineClass) => lines[lineClass] > 0);
}
