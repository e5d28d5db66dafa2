/** What the options of a capture come to, and what is wrong with those that come to nothing. */
import { describe, expect, it } from "vitest";
import { type ArmCommandOptions, armOptions, durationOf, numberOf } from "../../src/cli/arm-options.ts";
import { configSchema } from "../../src/cli/config.ts";
import { KmemtapError } from "../../src/model/errors.ts";

const CONFIG = configSchema.parse({});
const armed = (options: ArmCommandOptions, config = CONFIG) => armOptions(options, config);

describe("the options of a capture", () => {
  it("are the configuration's where none is given", () => {
    expect(armed({})).toMatchObject({ mode: "auto", bufferKb: "auto", growKb: 0, pollMs: 1000, histKeys: 0 });
    expect(armed({}).subBufferKb).toBe("auto");
    const config = configSchema.parse({ overrun: { bufferKb: 64, subBufferKb: 16, pollMs: 200 } });
    expect(armed({}, config)).toMatchObject({ bufferKb: 64, subBufferKb: 16, pollMs: 200 });
    expect(armed({ subBufferKb: "64" }, config).subBufferKb).toBe(64);
  });

  it("win over the configuration", () => {
    expect(armed({ mode: "hist", bufferKb: "16", pollMs: "100", histKeys: "131072" })).toMatchObject({
      mode: "hist",
      bufferKb: 16,
      pollMs: 100,
      histKeys: 131_072,
    });
  });

  it("choose among the modes that have events, where these are to be followed by stacks or probes", () => {
    expect(armed({ bulk: true })).toMatchObject({ mode: "events", bulk: true });
    expect(armed({}, configSchema.parse({ bulk: true }))).toMatchObject({ mode: "events", bulk: true });
    expect(armed({ mode: "hist" }, configSchema.parse({ bulk: true }))).toMatchObject({ mode: "hist" });
    expect(() => armed({ bulk: true, mode: "hist" })).toThrow("--bulk with --mode hist");
    expect(armed({})).toMatchObject({ mode: "auto", bulk: false });
  });

  it("let a buffer grow only when asked", () => {
    expect(armed({ onOverrun: "alert" }).growKb).toBe(0);
    expect(armed({ onOverrun: "grow" }).growKb).toBe(262_144);
  });

  it.each<[ArmCommandOptions, RegExp]>([
    [{ bufferKb: "3" }, /--buffer-kb 3: not a whole number from 4 to 4194304/],
    [{ bufferKb: "1e3" }, /--buffer-kb 1e3/],
    [{ bufferKb: "" }, /--buffer-kb/],
    [{ bufferKb: "-64" }, /--buffer-kb -64/],
    [{ subBufferKb: "513" }, /--sub-buffer-kb 513: not a whole number from 0 to 512/],
    [{ pollMs: "99" }, /--poll-ms 99/],
    [{ pollMs: "NaN" }, /--poll-ms NaN/],
    [{ histKeys: "100" }, /--hist-keys 100: not a whole number from 128 to 131072/],
    [{ histKeys: "1000" }, /--hist-keys is not a power of two/],
    [{ histKeys: "262144" }, /--hist-keys 262144/],
  ])("are wrong use where they make no sense, and say what would: %j", (options, message) => {
    expect(() => armed(options)).toThrow(message);
    expect(() => armed(options)).toThrow(
      expect.objectContaining({
        code: "cli/usage",
        exitCode: 2,
        nextStep: expect.stringMatching(/\S/) as string,
      }) as Error,
    );
  });
});

describe("a time", () => {
  it.each([
    ["20s", 20_000],
    ["1.5m", 90_000],
    ["500ms", 500],
    ["2h", 7_200_000],
    ["0", 0],
    ["0s", 0],
    ["576h", 2_073_600_000],
  ])("%s is %d ms", (text, ms) => {
    expect(durationOf("--for", text)).toBe(ms);
  });

  it.each(["", "s", "20 s", "-1s", "1d", "1e3s", "NaN", "Infinity", "10S", "0x10", "600h", `${"9".repeat(400)}s`])(
    "is not: %j",
    (text) => {
      expect(() => durationOf("--for", text)).toThrow(KmemtapError);
      expect(() => durationOf("--for", text)).toThrow(/^--for /);
    },
  );

  it.each(["5", "1.5", "500"])("has a unit: %s alone is refused, and what to say is said", (text) => {
    expect(() => durationOf("--every", text)).toThrow(
      expect.objectContaining({
        message: `--every ${text}: no unit`,
        nextStep: `say which: --every ${text}s (or ms, m, h)`,
      }),
    );
  });
});

describe("a number", () => {
  it("is what was written, within its bounds, or not given", () => {
    expect(numberOf("-n", undefined, 1, 9)).toBeUndefined();
    expect(numberOf("-n", "1", 1, 9)).toBe(1);
    expect(numberOf("-n", "09", 1, 9)).toBe(9);
    for (const text of ["0", "10", " 1", "1.0", "+1", "x"]) expect(() => numberOf("-n", text, 1, 9)).toThrow(/-n/);
  });
});
