import { describe, expect, it } from "vitest";
import { bootParameters } from "../../../src/target/doctor/boot-parameters.ts";
import { LINUX_3_6, LINUX_5_10, LINUX_6_1, LINUX_6_12, NOT_ROOT } from "./facts.ts";

const WISHES = { rate: 40_000, seconds: 10, tpPrintk: false };
const KMEM = "kmem:kmalloc,kmem:kmem_cache_alloc,kmem:kfree,kmem:kmem_cache_free";

function lineOf(...args: Parameters<typeof bootParameters>): string {
  return bootParameters(...args)
    .parameters.map(({ text }) => text)
    .join(" ");
}

describe("the kernel command line of a boot capture", () => {
  it("names all six events for a kernel that is not known", () => {
    expect(lineOf(WISHES, undefined)).toBe(
      `trace_event=${KMEM},kmem:kmalloc_node,kmem:kmem_cache_alloc_node trace_buf_size=32M trace_clock=global no_hash_pointers`,
    );
  });

  it("has only what that kernel knows", () => {
    expect(lineOf(WISHES, LINUX_6_1)).toBe(
      `trace_event=${KMEM} trace_buf_size=32M trace_clock=global no_hash_pointers`,
    );
    expect(lineOf(WISHES, LINUX_5_10)).toBe(
      `trace_event=${KMEM},kmem:kmalloc_node,kmem:kmem_cache_alloc_node trace_buf_size=32M trace_clock=global`,
    );
  });

  it("names all events where they could not be seen", () => {
    expect(lineOf(WISHES, NOT_ROOT)).toContain("kmem:kmalloc_node");
  });

  it("has a reason for each parameter", () => {
    for (const facts of [undefined, LINUX_3_6, LINUX_5_10, LINUX_6_1, LINUX_6_12]) {
      for (const { reason } of bootParameters({ ...WISHES, tpPrintk: facts !== LINUX_5_10 }, facts).parameters) {
        expect(reason).toMatch(/\w{3}/);
      }
    }
  });

  it.each([
    [1000, 10, "8M"],
    [20_000, 15, "24M"],
    // A quarter of 490,000 KB, for two CPUs.
    [400_000, 60, "59M"],
  ])("sizes the buffer for %d events a second in %d s: %s", (rate, seconds, size) => {
    expect(lineOf({ ...WISHES, rate, seconds }, LINUX_6_1)).toContain(`trace_buf_size=${size} `);
  });

  it("never takes more than a quarter of the memory, and says what that holds", () => {
    for (const memTotalKb of [2000, 24_000, 64_000, 490_000, 4_000_000]) {
      for (const cpus of [1, 2, 8]) {
        const { parameters, notes } = bootParameters(
          { ...WISHES, rate: 1e6, seconds: 60 },
          { ...LINUX_6_1, cpus, memTotalKb },
        );
        const [, number, unit] = /^trace_buf_size=(\d+)([KM])$/.exec(parameters[1].text) ?? [];
        const kb = Number(number) * (unit === "M" ? 1024 : 1);
        expect(kb).toBeGreaterThan(0);
        expect(kb * cpus).toBeLessThanOrEqual(memTotalKb / 4);
        expect(notes[0]).toContain("a quarter of the memory");
      }
    }
  });

  it("refuses tp_printk on 5.10, which hangs, and has pointers for it elsewhere", () => {
    expect(() => bootParameters({ ...WISHES, tpPrintk: true }, LINUX_5_10)).toThrow(
      expect.objectContaining({
        code: "target/unsupported",
        message: expect.stringContaining("hangs") as string,
      }) as Error,
    );
    expect(lineOf({ ...WISHES, tpPrintk: true }, LINUX_6_1)).toMatch(/ no_hash_pointers tp_printk$/);
    expect(bootParameters({ ...WISHES, tpPrintk: true }, undefined).notes.join()).toContain("5.10 hangs");
  });

  it("tells what 6.12 knows besides, and of quiet, which hides tp_printk", () => {
    expect(bootParameters(WISHES, LINUX_6_12).notes.join()).toContain("trace_instance=");
    expect(bootParameters(WISHES, LINUX_6_1).notes.join()).not.toContain("trace_instance=");
    const quiet = { ...LINUX_6_1, cmdline: "quiet" };
    expect(bootParameters({ ...WISHES, tpPrintk: true }, quiet).notes.join()).toContain("take quiet off");
    expect(bootParameters(WISHES, quiet).notes.join()).not.toContain("quiet");
  });
});
