/** trace.dat of both versions, packed or not, of every kind of machine: events, losses, instances, damage. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KmemtapError } from "../../../src/model/errors.ts";
import { type DatParts, datVersion6, datVersion7 } from "../../support/dat-files.ts";
import { type Machine, MACHINES, PageWriter } from "../../support/raw-pages.ts";
import { readDat } from "../../support/read-dat.ts";

const [PC] = MACHINES;
const KALLSYMS = ["c0100000 T first", "c0101000 t second", "c0200000 T last", ""].join("\n");
const FORMS = [
  { form: "version 6", write: datVersion6 },
  { form: "version 7", write: (parts: DatParts) => datVersion7(parts) },
  { form: "version 7 with zlib", write: (parts: DatParts) => datVersion7(parts, "zlib") },
];

const page = (timeNs: number, machine: Machine = PC) => new PageWriter(machine, timeNs);
const free = (ptr: bigint, timeNs: number, machine: Machine = PC) =>
  page(timeNs, machine).kfree(0, 0xc0101004n, ptr).page();
const allocation = (ptr: bigint, timeNs: number, machine: Machine = PC) =>
  page(timeNs, machine).kmalloc(0, 0xc0100010n, ptr, 100, 128).page();

function stats(cpu: number, overrun: number, dropped = 0): string {
  return `CPU: ${cpu}\nentries: 3\noverrun: ${overrun}\ncommit overrun: 0\nbytes: 9\ndropped events: ${dropped}\nread events: 7\n`;
}

const parts = (buffers: DatParts["buffers"], more: Partial<DatParts> = {}): DatParts => ({
  machine: PC,
  kallsyms: KALLSYMS,
  buffers,
  ...more,
});

describe.each(FORMS)("$form", ({ write }) => {
  it.each(MACHINES)("of a $name machine is read in the order of time", async (machine) => {
    const cpus = [
      [allocation(1n, 1000, machine), free(2n, 4000, machine)],
      [allocation(2n, 2000, machine), free(1n, 3000, machine)],
    ];
    const { events, damage, losses } = await readDat(write(parts({ "": cpus }, { machine })));
    expect(events).toEqual([
      "a 1 first+0x10/0x1000 100/128 cpu0 1000",
      "a 2 first+0x10/0x1000 100/128 cpu1 2000",
      "f 1 second+0x4/0xff000 cpu1 3000",
      "f 2 second+0x4/0xff000 cpu0 4000",
    ]);
    expect({ damage, losses }).toEqual({ damage: [], losses: [] });
  });

  it("is read where the events are an instance's", async () => {
    const other = page(1).other(0).page();
    const { events, damage } = await readDat(write(parts({ "": [[other], []], mine: [[], [free(1n, 1000)]] })));
    expect(events).toEqual(["f 1 second+0x4/0xff000 cpu1 1000"]);
    expect(damage).toEqual([]);
  });

  it("counts what two instances have once, and says so", async () => {
    const buffers = { "": [[free(1n, 1000)]], mine: [[free(1n, 1001)]] };
    const { events, damage } = await readDat(write(parts(buffers)));
    expect(events).toHaveLength(1);
    expect(damage).toEqual([expect.stringContaining("buffer 'mine' holds kmem events as well")]);
  });

  it("tells losses once: those of the sub-buffers, and what only the stats know", async () => {
    const lossy = page(2000).kfree(1, 0xc0100010n, 0x20n).page(70);
    const buffers = { "": [[], []], mine: [[free(1n, 1000), lossy], [free(3n, 500)]] };
    const said = [stats(0, 5), "\nBuffer: mine\n\n", stats(0, 70), stats(1, 2, 4)];
    const { losses } = await readDat(write(parts(buffers, { stats: said })));
    expect(losses).toEqual([
      { cpu: 0, events: 70, timeNs: 2000 },
      { cpu: 1, events: 6, timeNs: 2001 },
    ]);
  });

  it("has more than fits into one piece", async () => {
    const many = (cpu: number) => Array.from({ length: 100 }, (_, i) => free(BigInt(i + 1), 1000 + 2 * i + cpu));
    const { events } = await readDat(write(parts({ "": [many(0), many(1)] })));
    expect(events.map((event) => Number(event.split(" ").at(-1)))).toEqual(
      Array.from({ length: 200 }, (_, i) => 1000 + i),
    );
  });

  it("cut off anywhere never throws, and has no event that the whole has not", async () => {
    const cpus = [[allocation(1n, 1000), free(2n, 4000)], [allocation(2n, 2000), free(1n, 3000)], []];
    const whole = write(parts({ "": cpus, mine: [[], [], []] }));
    const { events } = await readDat(whole);
    expect(events).toHaveLength(4);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
        const cut = await readDat(whole.subarray(0, length));
        expect(cut.damage.length).toBeGreaterThan(0);
        expect(cut.events.every((event) => events.includes(event))).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it("damaged anywhere never throws anything but what an operator can act on", async () => {
    const cpus = [[allocation(1n, 1000), free(2n, 4000)], [page(2000).marker(1, "x").moduleGone(2, "fat").page()]];
    const whole = write(parts({ "": cpus }, { stats: [stats(0, 5)] }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 20 }),
        async (changes) => {
          const damaged = Buffer.from(whole);
          for (const [at, byte] of changes) damaged[at] = byte;
          try {
            await readDat(damaged);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(KmemtapError);
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});

it("a packed piece that is damaged costs that piece alone", async () => {
  const whole = datVersion7(parts({ "": [[free(1n, 1000), free(2n, 2000), free(3n, 3000)]] }), "zlib");
  // The second zlib stream behind the CPU's table: its bytes, not its lengths.
  const first = whole.indexOf(Buffer.from([3, 0, 0, 0]), 4000);
  const second = first + 4 + 8 + whole.readUInt32LE(first + 4);
  whole.fill(0xff, second + 8 + 2, second + 8 + 10);
  const { events, damage } = await readDat(whole);
  expect(events.map((event) => event.slice(0, 3))).toEqual(["f 1", "f 3"]);
  expect(damage).toEqual(["t.dat: piece 1 of CPU 0 does not unpack"]);
});

it.each([
  { what: "lzma", bytes: datVersion7(parts({ "": [[]] }), "lzma"), step: "trace-cmd convert --compression none" },
  {
    what: "another version",
    bytes: Buffer.from("\x17\x08\x44tracing8\0\0\0\0\0\0", "latin1"),
    step: "--file-version 6",
  },
])("$what is refused with what to do", async ({ bytes, step }) => {
  await expect(readDat(bytes)).rejects.toMatchObject({ nextStep: expect.stringContaining(step) as string });
});
