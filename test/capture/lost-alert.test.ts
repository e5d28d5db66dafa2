import { expect, it } from "vitest";
import { lostAlert } from "../../src/capture/lost-alert.ts";
import { alertSchema } from "../../src/model/wire.ts";

it.each([
  [3, 1234, /^CPU 3 lost 1,234 events: /],
  [3, null, /^CPU 3 lost events \(the kernel did not say how many\): /],
  [null, 7, /^the trace lost 7 events: /],
  [null, null, /^the trace lost events \(/],
])("CPU %j, %j events", (cpu, events, text) => {
  const alert = alertSchema.parse(lostAlert(cpu, events, 2e9, 55));
  expect(alert).toMatchObject({ level: "lost", cpu, events, timeNs: 2e9, atMs: 55 });
  expect(alert.text).toMatch(text);
  expect(alert.help).not.toBe("");
});
