import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomFrom } from "../../support/noisy-stream.ts";
import { SHELLS } from "../../support/shells.ts";
import { anyShell, openShell, outputOf } from "./console.ts";

/** As a command prints it: printf with every byte as an escape, so that no quoting is in the way. */
function printing(text: string): string {
  return `printf '${[...Buffer.from(text)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("")}'`;
}

const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary-ascii", maxLength: 60 }),
      fc.string({ unit: "grapheme", maxLength: 20 }),
      fc.constantFrom(
        "\n",
        "\r\n",
        "\t",
        "login: ",
        "[   12.345678] usb 1-1: new device\n",
        "a.0",
        "\x1b[1;31m$ ",
        "\x1e",
      ),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join("").replaceAll("\0", "").slice(0, 1500));

describe.each(SHELLS)("a console with $name, under noise", (kind) => {
  it("brings any output and status as they are", { timeout: 120_000 }, async () => {
    const shell = await openShell(kind, { seed: 7, logPerByte: 1 / 400, chunkBytes: 40 });
    await fc.assert(
      fc.asyncProperty(anyText, fc.integer({ min: 0, max: 255 }), async (text, status) => {
        const whole = Buffer.from(text).toString("utf8");
        expect(await shell.run(`${printing(whole)}; exit ${status}`)).toEqual({ output: whole, status });
      }),
      { numRuns: 12, seed: 1 },
    );
  });

  it("runs a command once, whatever is lost on the way there", { timeout: 120_000 }, async () => {
    const shell = await openShell(kind, { seed: 11, logPerByte: 1 / 600, dropPerByte: 1 / 700, chunkBytes: 100 });
    const counted = "n=$(cat count 2>/dev/null); echo $((n+1)) >count; cat count";
    const { output } = await shell.run("mktemp -d /tmp/kmemtap-test-XXXXXX");
    const folder = output.trim();
    expect(folder).toMatch(/^\/tmp\/kmemtap-test-\w+$/);
    try {
      for (let n = 1; n <= 8; n++) {
        expect(await shell.run(`cd ${folder}; : ${"x".repeat(300)}; ${counted}`)).toEqual({
          output: `${n}\n`,
          status: 0,
        });
      }
    } finally {
      await shell.run(`rm -r ${folder}`);
    }
  });
});

describe("a console under heavy noise", () => {
  it("brings long output in pieces", { timeout: 120_000 }, async () => {
    const shell = await openShell(anyShell(), { seed: 3, logPerByte: 1 / 1500, chunkBytes: 3000, delayMs: 5 });
    const { output } = await shell.run("seq 20000");
    expect(output).toBe(Array.from({ length: 20_000 }, (_, n) => `${n + 1}\n`).join(""));
  });

  it("asks again where log lines cannot be told from output", { timeout: 120_000 }, async () => {
    const shell = await openShell(anyShell(), { seed: 9, logPerByte: 1 / 1200, timeless: true });
    const { output } = await shell.run("seq 8000");
    expect(output).toBe(Array.from({ length: 8000 }, (_, n) => `${n + 1}\n`).join(""));
    for (let n = 0; n < 20; n++) expect(await shell.run(`seq 60; exit ${n}`)).toMatchObject({ status: n });
  });

  it("is found one byte at a time", { timeout: 120_000 }, async () => {
    const shell = await openShell(anyShell(), { seed: 5, logPerByte: 1 / 300, chunkBytes: 1, delayMs: 2 });
    expect(await shell.run("echo found; exit 2")).toEqual({ output: "found\n", status: 2 });
  });

  it.each([1, 2, 3])("uploads a script past lost bytes (seed %i)", { timeout: 120_000 }, async (seed) => {
    const shell = await openShell(anyShell(), { seed, logPerByte: 1 / 3000, dropPerByte: 1 / 900 });
    const random = randomFrom(seed);
    const data = Array.from({ length: 6000 }, () => String.fromCharCode(32 + Math.floor(random() * 95))).join("");
    const script = await shell.start(`cksum <<'END OF DATA'\n${data}\nEND OF DATA\nexit 4\n`, []);
    const output = await outputOf(script);
    expect(await script.exited).toBe(4);
    const expected = await (await openShell(anyShell())).run(`cksum <<'END OF DATA'\n${data}\nEND OF DATA\n`);
    expect(output).toContain(expected.output.trim());
  });
});
