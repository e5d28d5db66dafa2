import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assignments } from "../../../src/target/console/upload.ts";
import { quoted } from "../../../src/target/console/run-script.ts";
import { SHELLS } from "../../support/shells.ts";

const VARIABLES = "J=`printf '\\n.'`;J=${J%.};I=`printf '\\t'`\n";
const anyText = fc.uint8Array({ maxLength: 2000, size: "max" }).map((bytes) => bytes.filter((byte) => byte !== 0));

describe.each(SHELLS)("assignments in $name", ({ path, words }) => {
  it("add up to the text, whatever is in it", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const script = `${VARIABLES}${[...assignments("C", text)].join("\n")}\nprintf '%s' "$C"`;
        const { stdout } = spawnSync(path, words.slice(1), { input: script });
        expect(Buffer.compare(stdout, text)).toBe(0);
      }),
      { numRuns: 20 },
    );
  });
});

describe("assignments", () => {
  it("are short lines of plain characters", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const line of assignments("C", text)) expect(line).toMatch(/^[\x20-\x7e]{2,200}$/);
      }),
    );
  });
});

describe("quoted", () => {
  it("is one word of the shell", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes("\0"));
        const { stdout } = spawnSync("sh", ["-c", `printf %s ${quoted(text)}`]);
        expect(stdout.toString()).toBe(text);
      }),
      { numRuns: 30 },
    );
  });
});
