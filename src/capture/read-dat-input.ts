/** A trace.dat as an input: from wherever it comes, to the batches of its events. */
import { TRACE_DAT_MAGIC } from "../ftrace/trace-dat/dat-file.ts";
import { readTraceDat } from "../ftrace/trace-dat/trace-dat-reader.ts";
import type { CallSiteTable } from "../model/call-site-table.ts";
import { KmemtapError } from "../model/errors.ts";
import type { EventBatch } from "../model/event-batch.ts";
import { LineTally } from "../model/line-tally.ts";
import type { RandomAccess } from "../model/ports.ts";
import type { TaskTable } from "../model/task-table.ts";
import { KernelSymbols } from "../symbols/kernel-symbols.ts";
import { openRandomAccess, spoolToDisk } from "../transport/random-access.ts";
import type { RecordingInput } from "./account-recording.ts";

/**
 * @param chunks the input's, from its beginning on
 * @param tasks where given, batches say whose their allocations are
 * @returns what of it could not be read
 * @throws {KmemtapError} where nothing of it can be
 */
export async function readDatInput(
  { label, path, onRead }: RecordingInput,
  chunks: AsyncGenerator<Uint8Array>,
  callSites: CallSiteTable,
  apply: (batch: EventBatch) => void,
  tasks?: TaskTable,
): Promise<string[]> {
  const damage: string[] = [];
  const tally = new LineTally();
  const file = await openSource(label, path, chunks, damage);
  const source = onRead === undefined ? file : counted(file, onRead);
  try {
    for await (const batch of readTraceDat(source, label, callSites, new KernelSymbols(), damage, tasks)) {
      apply(batch);
      tally.add(batch.tally);
    }
  } finally {
    await source.close();
  }
  // That it is a trace.dat counts as one line.
  if (damage.length > 0 && tally.traceLines <= 1) {
    throw new KmemtapError("input/unreadable", `no event can be read: ${damage[0]}`, {
      nextStep: "get the file again, whole",
    });
  }
  return damage;
}

function counted(file: RandomAccess, onRead: (bytes: number) => void): RandomAccess {
  return {
    size: file.size,
    read: async (offset, length, into) => {
      const bytes = await file.read(offset, length, into);
      onRead(bytes.length);
      return bytes;
    },
    close: () => file.close(),
  };
}

async function openSource(
  label: string,
  path: string | undefined,
  chunks: AsyncGenerator<Uint8Array>,
  damage: string[],
): Promise<RandomAccess> {
  const opened = path === undefined ? undefined : await openRandomAccess(path, TRACE_DAT_MAGIC);
  if (opened !== undefined) {
    await chunks.return(undefined);
    return opened;
  }
  const { file, failure } = await spoolToDisk(chunks, label);
  if (failure !== undefined) damage.push(failure.message);
  return file;
}
