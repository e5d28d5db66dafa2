import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EndScanner, findBegin } from "../../../src/target/console/sentinel.ts";

const NONCE = "5e1fa0c2";
const END = [1, 2, 3].map((n) => `\x1e${NONCE}<7=7>${n}\x1e`).join("");

/** Pushes `text` cut at `cuts`; what was data, and how it ended. */
function scan(text: string, cuts: readonly number[]): { data: string; status: number | undefined } {
  const scanner = new EndScanner(NONCE);
  const bytes = Buffer.from(text, "latin1");
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  let data = "";
  for (const [index, edge] of edges.slice(1).entries()) {
    const scan = scanner.push(bytes.subarray(edges[index], edge));
    data += Buffer.from(scan.data).toString("latin1");
    if (scan.kind === "end") return { data, status: scan.status };
  }
  return { data, status: undefined };
}

describe("EndScanner", () => {
  const output = fc
    .array(
      fc.constantFrom(
        "\x1e",
        NONCE,
        `\x1e${NONCE.slice(0, 5)}`,
        `\x1e${NONCE}<7`,
        `\x1e${NONCE}<7=8>1\x1e`,
        "line\n",
        "<7=7>",
      ),
    )
    .map((parts) => parts.join(""))
    .filter((text) => !text.includes(`\x1e${NONCE}<7=7>`));

  it("tells data from the end, wherever the chunks are cut", () => {
    fc.assert(
      fc.property(output, fc.array(fc.nat(), { maxLength: 40 }), (text, cuts) => {
        // What looks like a mark and is none must be data, also when the mark follows at once.
        expect(scan(`${text}\n${END}`, cuts)).toEqual({ data: `${text}\n`, status: 7 });
      }),
      { numRuns: 500 },
    );
  });

  it("holds back nothing but what may be the end", () => {
    const scanner = new EndScanner(NONCE);
    expect(Buffer.from(scanner.push(Buffer.from(`data\x1e5e`)).data).toString()).toBe("data");
    expect(Buffer.from(scanner.push(Buffer.from("x")).data).toString()).toBe("\x1e5ex");
    expect(Buffer.from(scanner.push(Buffer.from(`\x1e${NONCE}<1\nmore`)).data).toString()).toBe(`\x1e${NONCE}<1\nmore`);
  });

  it("takes the second mark where a line of log has hit the first", () => {
    const hit = END.replace("<7=7>1", "<7[    1.000000] usb\r\n=7>1");
    expect(scan(`out\n${hit}`, [3, 9, 20]).status).toBe(7);
  });
});

describe("findBegin", () => {
  it("finds the last mark there is", () => {
    const mark = (n: number): string => `\x1e${NONCE}<begin>${n}\x1e`;
    const text = `noise${mark(1)}${mark(2)}`;
    expect(findBegin(Buffer.from(text), NONCE)).toEqual({ at: text.length, last: false });
    expect(findBegin(Buffer.from(`${text}${mark(3)}data`), NONCE)).toEqual({
      at: text.length + mark(3).length,
      last: true,
    });
    expect(findBegin(Buffer.from("noise"), NONCE)).toBeUndefined();
  });
});
