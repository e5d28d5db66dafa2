/** What `trace-cmd record` wrote, to event batches: the CPUs' sub-buffers, merged by time. */
import type { CallSiteTable } from "../../model/call-site-table.ts";
import type { EventBatch } from "../../model/event-batch.ts";
import { LineClass, LineTally } from "../../model/line-tally.ts";
import type { RandomAccess } from "../../model/ports.ts";
import { parseSavedCmdlines, type TaskTable } from "../../model/task-table.ts";
import { EventColumns } from "../event-columns.ts";
import { CpuStream, type RawFormats } from "../raw/cpu-stream.ts";
import { MAX_PAGE_BYTES } from "../raw/event-format.ts";
import { mergeStreams } from "../raw/merge-streams.ts";
import { RawCore } from "../raw/raw-core.ts";
import { RawTasks } from "../raw/raw-tasks.ts";
import { type AddressNames, RecordTaker } from "../raw/record-taker.ts";
import { cpuPieces, pieceBytesOf } from "./cpu-data.ts";
import type { DatBuffer, DatFile } from "./dat-file.ts";
import { readDatFile } from "./read-dat-file.ts";

const NO_OWN = { seen: new Uint8Array(1 << 16), changes: 0, has: () => false };

/** A CPU's records, and where more of them come from. */
interface Lane {
  readonly stream: CpuStream;
  readonly pieces: AsyncGenerator<Uint8Array>;
  ended: boolean;
}

/**
 * The events of one trace.dat, in order. Where several of its buffers hold kmem events they hold the same ones, so only the
 * first is read; the others are named as damage, as is all that the file says and does not have.
 *
 * A batch is valid until the next one is asked for.
 *
 * @param names takes the file's kallsyms
 * @param damage takes what could not be read, for people
 * @param tasks where given, batches say whose their allocations are
 * @throws {KmemtapError} `input/not-a-trace` for a file that cannot be read as a whole; what reading throws
 */
export async function* readTraceDat(
  source: RandomAccess,
  label: string,
  sites: CallSiteTable,
  names: AddressNames,
  damage: string[],
  tasks?: TaskTable,
): AsyncGenerator<EventBatch> {
  const file = await readDatFile(source, label);
  damage.push(...file.damage);
  names.read(file.kallsyms);
  tasks?.learn(parseSavedCmdlines(file.cmdlines));
  const onDamage = (text: string) => damage.push(`${label}: ${text}`);
  const columns = new EventColumns(tasks !== undefined);
  const buffer = await chooseBuffer(source, file, onDamage);
  const eventBytes = file.buffers.flatMap(({ cpus }) => cpus).reduce((sum, { size }) => sum + size, 0);
  columns.tally.count(LineClass.traceHeader, 0);
  columns.tally.bytes[LineClass.padding] += Math.max(0, source.size - eventBytes);
  yield columns;
  if (buffer === undefined || file.formats === undefined) return;

  const taker = new RecordTaker(columns, sites, namesAtTheEnd(names), NO_OWN, tasks && new RawTasks(tasks));
  taker.mayAsk = false;
  const lanes = lanesOf(source, buffer, file.formats, columns.tally, taker.core, onDamage);
  const streams = lanes.map(({ stream }) => stream);
  const counted = new Map<number, number>();
  let lastNs = 0;
  while (lanes.some(({ ended }) => !ended)) {
    columns.reset();
    for (const lane of lanes) await refill(lane);
    mergeStreams(streams, taker.core, {
      untilNs: Infinity,
      mayBeOwn: NO_OWN,
      safeNsOf: (stream) => (lanes[streams.indexOf(stream)].ended ? Infinity : -1),
      take: (stream) => taker.take(stream),
    });
    for (const { cpu, events } of columns.losses)
      if (cpu !== undefined) counted.set(cpu, (counted.get(cpu) ?? 0) + (events ?? 0));
    if (columns.length > 0) lastNs = columns.timeNs[columns.length - 1];
    yield columns;
  }
  columns.reset();
  for (const stream of streams) stream.end();
  addUnread(columns, file, buffer, counted, lastNs);
  yield columns;
}

/** Gives the stream more where it has read what it had. */
async function refill(lane: Lane): Promise<void> {
  while (!lane.ended && lane.stream.found === undefined && !lane.stream.advance()) {
    lane.stream.giveBack();
    const piece = await lane.pieces.next();
    if (piece.done === true) lane.ended = true;
    else lane.stream.borrow(piece.value);
  }
}

/** Losses that no sub-buffer tells of: what was overwritten last, and what a full buffer refused. */
function addUnread(
  columns: EventColumns,
  { stats }: DatFile,
  { name }: DatBuffer,
  counted: ReadonlyMap<number, number>,
  timeNs: number,
): void {
  for (const { cpu, lost } of stats.filter(({ buffer }) => buffer === name)) {
    const events = lost - (counted.get(cpu) ?? 0);
    if (events > 0) columns.losses.push({ cpu, events, timeNs });
  }
}

function lanesOf(
  source: RandomAccess,
  { cpus, unpack, pageBytes }: DatBuffer,
  formats: RawFormats,
  tally: LineTally,
  core: RawCore,
  onDamage: (text: string) => void,
): Lane[] {
  const { page, littleEndian = true } = formats;
  // An instance may have larger sub-buffers than the top level, whose header_page the file has.
  const isSaid = pageBytes !== undefined && pageBytes > page.dataOffset && pageBytes <= MAX_PAGE_BYTES;
  const dataSize = isSaid ? pageBytes - page.dataOffset : page.dataSize;
  const own = { ...formats, page: { ...page, dataSize } };
  const pieceBytes = pieceBytesOf(cpus.length);
  return cpus.map((data) => ({
    stream: new CpuStream(data.cpu, own, tally, core),
    pieces: cpuPieces(source, data, pieceBytes, unpack, littleEndian, onDamage),
    ended: false,
  }));
}

/** The first buffer that has a kmem event; else the first that has anything. */
async function chooseBuffer(
  source: RandomAccess,
  { buffers, formats }: DatFile,
  onDamage: (text: string) => void,
): Promise<DatBuffer | undefined> {
  const filled = buffers.filter(({ cpus }) => cpus.some(({ size }) => size > 0));
  if (formats === undefined || filled.length < 2) return filled.at(0) ?? buffers.at(-1);
  const holding: DatBuffer[] = [];
  for (const buffer of filled) if (await holdsKmem(source, buffer, formats)) holding.push(buffer);
  for (const { name } of holding.slice(1))
    onDamage(`buffer '${name}' holds kmem events as well, which are left out: they may be the same ones`);
  return holding.at(0) ?? filled[0];
}

async function holdsKmem(source: RandomAccess, buffer: DatBuffer, formats: RawFormats): Promise<boolean> {
  const ignore = () => undefined;
  for (const lane of lanesOf(source, buffer, formats, new LineTally(), new RawCore(new EventColumns()), ignore)) {
    for (;;) {
      await refill(lane);
      if (lane.stream.found?.type === "kmem") return true;
      if (lane.stream.found === undefined) break;
      lane.stream.found = undefined;
    }
  }
  return false;
}

/** The file's symbols are those of the recording's end: a module that has gone meanwhile and is in them came back. */
function namesAtTheEnd(names: AddressNames): AddressNames {
  return {
    read: (kallsyms) => {
      names.read(kallsyms);
    },
    expect: () => undefined,
    forget: () => undefined,
    nameOf: (address) => names.nameOf(address),
  };
}
