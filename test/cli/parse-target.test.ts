import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { configSchema } from "../../src/cli/config.ts";
import { parseTarget } from "../../src/cli/parse-target.ts";

const CONFIG = configSchema.parse({
  targets: { lab: "file:///tmp/serial.log", fast: "replay:///tmp/boot.gz?speed=10" },
});

describe("parseTarget", () => {
  it.each([
    ["file:///tmp/serial.log", { kind: "file", path: "/tmp/serial.log" }],
    ["file:/tmp/serial.log", { kind: "file", path: "/tmp/serial.log" }],
    ["file:serial.log", { kind: "file", path: resolve("serial.log") }],
    ["file:///tmp/a%20b.log", { kind: "file", path: "/tmp/a b.log" }],
    ["replay:///tmp/boot.trace.gz", { kind: "replay", path: "/tmp/boot.trace.gz", speed: 1 }],
    ["replay:///tmp/boot.trace.gz?speed=10", { kind: "replay", path: "/tmp/boot.trace.gz", speed: 10 }],
    ["replay:///x?speed=0", { kind: "replay", path: "/x", speed: 0 }],
    ["replay:///x?speed=0.5", { kind: "replay", path: "/x", speed: 0.5 }],
    ["qemu:", { kind: "qemu" }],
    ["lab", { kind: "file", path: "/tmp/serial.log" }],
    ["fast", { kind: "replay", path: "/tmp/boot.gz", speed: 10 }],
  ])("%s", (text, target) => {
    expect(parseTarget(text, CONFIG)).toEqual(target);
  });

  it.each([
    "/tmp/serial.log",
    "",
    "toString",
    "nolab",
    "file:",
    "replay:",
    "ssh://root@board",
    "http://127.0.0.1/",
    "replay:///x?speed=fast",
    "replay:///x?speed=-1",
    "replay:///x?speed=Infinity",
    "file:///tmp/50%.log",
  ])("refuses `%s` with a next step", (text) => {
    expect(() => parseTarget(text, CONFIG)).toThrow(
      expect.objectContaining({ code: "cli/usage", exitCode: 2, nextStep: expect.any(String) as string }) as Error,
    );
  });

  it("shows how a path is written as a URL", () => {
    expect(() => parseTarget("/tmp/serial.log", CONFIG)).toThrow(
      expect.objectContaining({ nextStep: "for a file: file:///tmp/serial.log" }) as Error,
    );
  });
});
