/** What can be known of a target that is a file: whether it is there, grows, and holds a trace. */
import { open, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { TextDecoder } from "../../ftrace/text-decoder.ts";
import { CallSiteTable } from "../../model/call-site-table.ts";
import type { Check } from "../../model/doctor.ts";
import { KmemtapError, messageOf, systemCodeOf } from "../../model/errors.ts";
import { readFileChunks } from "../../transport/read-file.ts";
import { count, sizeOfKb, speedOf } from "./quantities.ts";

/** So much of the beginning is read. */
const READ_BYTES = 4 << 20;
const LOOK_MS = 1000;

export async function examineFile(kind: "file" | "replay", path: string): Promise<Check[]> {
  const found = await stat(path).catch((thrown: unknown) => thrown);
  if (found instanceof Error) return [missing(kind, path, found)];
  const { size, isRegular } = sizeOf(found as Awaited<ReturnType<typeof stat>>);
  if (!isRegular) {
    return [
      {
        name: "reach",
        status: "problem",
        finding: `${path} is not a regular file`,
        remedy: "a terminal is pty:// or serial://, a socket unix://",
      },
    ];
  }
  const closed = await unreadable(path);
  if (closed !== undefined) return [closed];
  const reach: Check = { name: "reach", status: "ok", finding: `${path}, ${sizeOfKb(size / 1024)}` };
  const grows = kind === "file" ? [await growth(path, size)] : [];
  return [reach, ...grows, await traceCheck(kind, path), armCheck(kind)];
}

function sizeOf(found: Awaited<ReturnType<typeof stat>>): { size: number; isRegular: boolean } {
  return { size: Number(found.size), isRegular: found.isFile() };
}

function missing(kind: "file" | "replay", path: string, thrown: Error): Check {
  const notYet = kind === "file" && systemCodeOf(thrown) === "ENOENT";
  return {
    name: "reach",
    status: notYet ? "note" : "problem",
    finding: notYet ? `${path} is not there yet: a capture waits for it` : `${path}: ${messageOf(thrown)}`,
    remedy: notYet ? `start what writes it, such as QEMU with -serial file:${path}` : "check the path",
  };
}

async function unreadable(path: string): Promise<Check | undefined> {
  try {
    await (await open(path, "r")).close();
    return undefined;
  } catch (thrown) {
    return { name: "reach", status: "problem", finding: messageOf(thrown), remedy: "check the file's permissions" };
  }
}

async function growth(path: string, before: number): Promise<Check> {
  await sleep(LOOK_MS);
  const grown = (await stat(path)).size - before;
  if (grown > 0) return { name: "grows", status: "ok", finding: `by ${speedOf(grown / (LOOK_MS / 1000))} now` };
  return {
    name: "grows",
    status: "note",
    finding: "it did not grow within a second: its writer is quiet, or gone",
    remedy: "in the guest: dd if=/sys/kernel/tracing/trace_pipe of=/dev/ttyS0 bs=4096",
  };
}

async function traceCheck(kind: "file" | "replay", path: string): Promise<Check> {
  const name = "trace";
  const decoder = new TextDecoder(new CallSiteTable());
  let events = 0;
  let bytes = 0;
  try {
    for await (const chunk of readFileChunks(path)) {
      events += decoder.push(chunk).length;
      bytes += chunk.length;
      if (bytes >= READ_BYTES) break;
    }
    events += decoder.end().length;
  } catch (thrown) {
    if (!(thrown instanceof KmemtapError)) throw thrown;
    return { name, status: "problem", finding: thrown.message, ...(thrown.nextStep && { remedy: thrown.nextStep }) };
  }
  const beginning = `the first ${sizeOfKb(bytes / 1024)} of its text`;
  if (events > 0) return { name, status: "ok", finding: `${count(events)} kmem events in ${beginning}` };
  return {
    name,
    status: kind === "replay" ? "problem" : "note",
    finding: bytes === 0 ? "the file is empty" : `no kmem event in ${beginning}`,
    remedy:
      kind === "replay"
        ? "record `trace` or `trace_pipe` of a kernel with the kmem events on (kmemtap bootargs)"
        : "switch the kmem events on in the target and forward its trace_pipe (kmemtap bootargs --initramfs does)",
  };
}

function armCheck(kind: "file" | "replay"): Check {
  return {
    name: "arming",
    status: "note",
    finding:
      kind === "replay"
        ? "a recording: what it lost is lost, and nothing can be armed"
        : "a file carries bytes one way: nothing can be armed, watched or put back over it",
    ...(kind === "file" && { remedy: "give the target's console or SSH as TARGET, and kmemtap arms it itself" }),
  };
}
