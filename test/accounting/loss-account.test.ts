import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LossAccount } from "../../src/accounting/loss-account.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import { NO_CPU } from "../../src/model/no-value.ts";
import { batchOf } from "../support/events.ts";

/** Runs of some length, as a merge by time makes them. */
const runs = fc.array(fc.tuple(fc.constantFrom(0, 1, 2, 1023, 1024, 8191, NO_CPU), fc.nat({ max: 9 })), {
  maxLength: 30,
});

describe("the loss account", () => {
  it("counts the events of each CPU, in runs of any length", () => {
    fc.assert(
      fc.property(runs, (parts) => {
        const cpus = parts.flatMap(([cpu, events]) => Array<number>(events).fill(cpu));
        const account = new LossAccount();
        account.apply(
          batchOf(
            cpus.map((cpu) => ({ kind: "kfree", ptr: 0n, site: "a", cpu })),
            new CallSiteTable(),
          ),
        );
        const counts = new Map<number, number>();
        for (const cpu of cpus) if (cpu !== NO_CPU) counts.set(cpu, (counts.get(cpu) ?? 0) + 1);
        expect(new Map(account.perCpu().map(({ cpu, events }) => [cpu, events]))).toEqual(counts);
      }),
    );
  });

  it("takes what a decoder has counted by CPU, where that is all of them", () => {
    const events = [0, 0, 1].map((cpu) => ({ kind: "kfree", ptr: 0n, site: "a", cpu }) as const);
    const batch = batchOf(events, new CallSiteTable());
    const perCpu = (...counted: (readonly [number, number])[]) => {
      const account = new LossAccount();
      account.apply({ ...batch, cpuEvents: new Map(counted) });
      return account.perCpu().map(({ cpu, events }) => [cpu, events]);
    };
    expect(perCpu([5, 3])).toEqual([[5, 3]]);
    expect(perCpu([0, 2])).toEqual([
      [0, 2],
      [1, 1],
    ]);
  });
});
