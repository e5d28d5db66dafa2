import { expect, it } from "vitest";
import { RateMeter, ReadingRate } from "../../src/capture/rate-meter.ts";

it("begins with zero", () => {
  expect(new RateMeter().sample(1000, 500, 5)).toEqual({ bytesPerSecond: 0, eventsPerSecond: 0 });
});

it("measures over the last two seconds", () => {
  const meter = new RateMeter();
  for (let ms = 0; ms <= 10_000; ms += 200) meter.sample(ms, ms * 2, ms / 10);
  expect(meter.sample(10_200, 20_400, 1020)).toEqual({ bytesPerSecond: 2000, eventsPerSecond: 100 });
});

it("falls to zero when nothing comes any more", () => {
  const meter = new RateMeter();
  for (let ms = 0; ms <= 1000; ms += 200) meter.sample(ms, ms, ms);
  for (let ms = 1200; ms <= 4000; ms += 200) meter.sample(ms, 1000, 1000);
  expect(meter.sample(4200, 1000, 1000)).toEqual({ bytesPerSecond: 0, eventsPerSecond: 0 });
});

it("gives no rate when the wall clock stands still or steps back", () => {
  const meter = new RateMeter();
  meter.sample(5000, 0, 0);
  expect(meter.sample(5000, 100, 1)).toEqual({ bytesPerSecond: 0, eventsPerSecond: 0 });
  expect(meter.sample(4000, 200, 2)).toEqual({ bytesPerSecond: 0, eventsPerSecond: 0 });
});

it("forgets a run's totals when the next begins", () => {
  const meter = new RateMeter();
  meter.sample(0, 1_000_000, 1000);
  meter.reset();
  meter.sample(100, 0, 0);
  expect(meter.sample(1100, 500, 5)).toEqual({ bytesPerSecond: 500, eventsPerSecond: 5 });
});

it("tells the rate of sums between readings, and keeps it until another has come", () => {
  const rate = new ReadingRate();
  expect(rate.sample(0, 0, 0)).toBe(0);
  expect(rate.sample(1000, 1, 900)).toBe(0);
  expect(rate.sample(3000, 1, 900)).toBe(0);
  expect(rate.sample(6000, 2, 1400)).toBe(100);
  expect(rate.sample(9000, 2, 1400)).toBe(100);
  expect(rate.sample(11_000, 3, 1400)).toBe(0);
  // A target's kernel that forgot its sums has not undone events, and begins anew.
  expect(rate.sample(12_000, 4, 10)).toBe(0);
  expect(rate.sample(13_000, 5, 40)).toBe(30);
  rate.reset();
  expect(rate.sample(13_000, 5, 5000)).toBe(0);
});

it("spreads what comes once in five seconds over them", () => {
  const rate = new ReadingRate();
  const rates = Array.from({ length: 30 }, (_, second) =>
    rate.sample(second * 1000, second + 1, 128 * Math.floor(second / 5)),
  );
  expect(new Set(rates.slice(5))).toEqual(new Set([25.6]));
});
