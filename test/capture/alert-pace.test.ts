/** Alerts by the hundred: few are said, and nothing of what they tell is lost. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { AlertPace, PAUSE_MS } from "../../src/capture/alert-pace.ts";
import { lostAlert } from "../../src/capture/lost-alert.ts";
import { type Alert, alertSchema } from "../../src/model/wire.ts";

const lost = (cpu: number, events: number | null, atMs: number) => lostAlert(cpu, events, 1, atMs);
const filling = (cpu: number, atMs: number): Alert => ({
  ...lost(cpu, null, atMs),
  level: "warning",
  text: `CPU ${String(cpu)}'s ring buffer is 90 % full`,
});

it("the first is said at once and as it is, those of the pause after it in one, with sums by CPU", () => {
  const pace = new AlertPace();
  expect(pace.take([lost(0, 10, 0)], 0)).toEqual([lost(0, 10, 0)]);
  for (let ms = 200; ms < PAUSE_MS; ms += 200) expect(pace.take([lost(0, 10, ms), lost(3, 1000, ms)], ms)).toEqual([]);
  const sums = pace.take([], PAUSE_MS);
  expect(sums.map(({ level, cpu, events }) => [level, cpu, events])).toEqual([
    ["lost", 0, 240],
    ["lost", 3, 24_000],
  ]);
  expect(sums[0].text).toBe("240 events lost: CPU 0 240 (24 alerts in one)");
  // The pause begins anew with them; after one without any the next is said at once.
  expect(pace.take([lost(0, 1, PAUSE_MS)], PAUSE_MS + 1)).toEqual([]);
  expect(pace.take([], 2 * PAUSE_MS)).toHaveLength(1);
  expect(pace.take([], 9 * PAUSE_MS)).toEqual([]);
  expect(pace.take([lost(1, 5, 0)], 9 * PAUSE_MS)).toEqual([lost(1, 5, 0)]);
});

it("another kind waits for none, and what is held back at the end is said", () => {
  const pace = new AlertPace();
  pace.take([lost(0, 1, 0)], 0);
  expect(pace.take([filling(1, 5)], 5)).toEqual([filling(1, 5)]);
  expect(pace.take([lost(2, null, 6)], 6)).toEqual([lost(2, null, 6)]);
  expect(pace.take([filling(1, 7), filling(2, 7), lost(0, 9, 7)], 7)).toEqual([]);
  expect(pace.rest().map(({ level, events, text }) => [level, events, text])).toEqual([
    ["lost", 9, lost(0, 9, 7).text],
    ["warning", null, filling(1, 7).text],
    ["warning", null, filling(2, 7).text],
  ]);
  expect(pace.rest()).toEqual([]);
  pace.take(
    [0, 1, 2, 3, 4].flatMap((cpu) => [lost(cpu, 1000 * cpu, 8), filling(cpu, 8)]),
    8,
  );
  const texts = [0, 1, 2, 3].map((cpu) => filling(cpu, 8).text);
  pace.take(
    [0, 1, 2, 3, 4].flatMap((cpu) => [lost(cpu, 1000 * cpu, 9), filling(cpu, 9)]),
    9,
  );
  expect(pace.rest().map(({ cpu, text }) => [cpu, text])).toEqual([
    [null, "10,000 events lost: CPU 4 4,000, CPU 3 3,000, CPU 2 2,000, CPU 1 1,000, CPU 0 0 (5 alerts in one)"],
    [null, `${texts.join("; ")}; and CPU 4 (5 alerts in one)`],
  ]);
});

it("whatever comes, all that was lost is said, at most one of a kind in a pause", () => {
  const step = fc.record({ cpu: fc.nat(5), events: fc.nat(1000), ms: fc.nat(3000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const pace = new AlertPace();
      let nowMs = 0;
      const times: number[] = [];
      const said: Alert[] = [];
      for (const { cpu, events, ms } of steps) {
        nowMs += ms;
        const now = pace.take([lost(cpu, events, nowMs)], nowMs);
        said.push(...now);
        if (now.length > 0) times.push(nowMs);
        expect(now.length).toBeLessThanOrEqual(4);
      }
      said.push(...pace.rest());
      expect(said.reduce((sum, { events }) => sum + (events ?? NaN), 0)).toBe(
        steps.reduce((sum, { events }) => sum + events, 0),
      );
      for (const [i, time] of times.slice(1).entries()) expect(time - times[i]).toBeGreaterThanOrEqual(PAUSE_MS);
      for (const alert of said) alertSchema.parse(alert);
    }),
  );
});
