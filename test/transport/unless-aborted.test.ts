import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { unlessAborted } from "../../src/transport/unless-aborted.ts";

const never = new Promise<string>(() => undefined);

it("is what the promise comes to, and leaves nothing with a signal that lives on", async () => {
  const { signal } = new AbortController();
  for (let i = 0; i < 20; i++) {
    expect(await unlessAborted(Promise.resolve(i), signal)).toBe(i);
    await expect(unlessAborted(Promise.reject(new Error("no link")), signal)).rejects.toThrow("no link");
  }
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

it("is undefined once the signal is aborted, before it was asked or while it is waited for", async () => {
  const controller = new AbortController();
  const waited = unlessAborted(never, controller.signal);
  controller.abort();
  expect(await waited).toBeUndefined();
  expect(await unlessAborted(never, controller.signal)).toBeUndefined();
});
