/** Whose records are: pids become tasks as their names come, by either way of reading, and an interrupt's are nobody's. */
import { expect, it } from "vitest";
import { RawDecoder } from "../../../src/ftrace/raw/raw-decoder.ts";
import { CallSiteTable } from "../../../src/model/call-site-table.ts";
import { nameOfTask } from "../../../src/format/task-name.ts";
import { TaskTable } from "../../../src/model/task-table.ts";
import { KernelSymbols } from "../../../src/symbols/kernel-symbols.ts";
import { formatsOf, type Machine, MACHINES, PageWriter } from "../../support/raw-pages.ts";
import { blob, own, pages, says, stats } from "../../support/raw-stream.ts";

const KALLSYMS = "c0100000 T first\nc0200000 T last\n";
const SITE = 0xc0100010n;
const HARDIRQ = 8;
const SOFTIRQ = 16;

/** Chunks to whose each allocation was, with the names that are known in the end. */
function tasksIn(machine: Machine, ...chunks: readonly Buffer[]): string[] {
  const tasks = new TaskTable();
  const decoder = new RawDecoder(new CallSiteTable(), new KernelSymbols(), { tasks });
  const { headerPage, formats } = formatsOf(machine);
  const described = [
    own("session mode=raw link=ssh"),
    own(`blob name=kallsyms bytes=${KALLSYMS.length}`, Buffer.from(KALLSYMS)),
    blob("header_page", headerPage),
    ...formats.map((format) => blob("format", format)),
  ];
  const ids: number[] = [];
  const take = ({ length, task }: ReturnType<RawDecoder["push"]>) => {
    for (let i = 0; i < length; i++) ids.push(task?.[i] ?? -1);
  };
  for (const chunk of [...described, ...chunks]) take(decoder.push(chunk));
  take(decoder.end());
  return ids.map((id) => nameOfTask(tasks.task(id)));
}

// The first goes by the way of nearly all records, the last by the one that reads any.
it.each(MACHINES)("are told of a $name kernel", (machine) => {
  const page = (timeNs: number, ...who: { pid?: number; flags?: number }[]) =>
    who
      .reduce(
        (writer, one, i) => writer.kmalloc(1, SITE, 0xc5550000n + BigInt(timeNs + 64 * i), 8, 8, one),
        new PageWriter(machine, timeNs * 1000),
      )
      .page();
  // What came up to here may be given out: it has all been read.
  const round = (read: number, ns: number) =>
    Buffer.concat([stats(0, { read, now: Math.ceil(ns / 1000) / 1e6 }), says("round")]);
  const names = (text: string) => blob("cmdlines", text);
  const told = tasksIn(
    machine,
    names("8 early\n7 <...>\n"),
    pages(0, page(1000, { pid: 7 }, { pid: 7 }, { pid: 8 }, { pid: 0 }, { pid: 7, flags: HARDIRQ })),
    pages(0, page(2000, { pid: 9, flags: SOFTIRQ | 1 }, { pid: 9, flags: 1 }, { pid: 4_194_303 })),
    round(8, 2_500_000),
    names("7 sh\n9 x y\n"),
    pages(0, page(3000, { pid: 7 })),
    round(9, 3_500_000),
    names("7 sh\n7 modprobe\n"),
    pages(0, page(4000, { pid: 7 }, { pid: 9 })),
    says("round"),
  );
  expect(told).toEqual([
    ...["sh-7", "sh-7", "early-8", "<idle>-0", "(interrupt)"],
    ...["(interrupt)", "x y-9", "<...>-4194303"],
    "sh-7",
    ...["modprobe-7", "x y-9"],
  ]);
});
