/** The agent's lines: what is read, and what is told to be damaged. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clockNsOf, countOf, fieldsOf, ownLine, parseAgentLine } from "../../../src/target/agent/agent-line.ts";
import { NONCE, said } from "../../support/agent-lines.ts";

const parse = (text: string) => parseAgentLine(text, NONCE);

describe("a line that is whole", () => {
  it("has a writer, a number, a type and a text", () => {
    expect(parse(said("p17", "stats cpu=0 entries=12"))).toEqual({
      writer: "p",
      seq: 17,
      type: "stats",
      text: "cpu=0 entries=12",
    });
    expect(parse(said("m1", "begin"))).toEqual({ writer: "m", seq: 1, type: "begin", text: "" });
    expect(parse(said("h3", "name 1 ffffffff81000000 "))).toMatchObject({ text: "1 ffffffff81000000 " });
  });

  it("of another session is nobody's", () => {
    expect(parse(said("m1", "bye", "k000000"))).toBeUndefined();
    expect(parse("            init-1 [001] kmalloc")).toBeUndefined();
    expect(parse("")).toBeUndefined();
  });

  it("of this side is read as one of the agent's", () => {
    expect(parse(ownLine(NONCE, 4, "gap from=1 to=2 the cable — pulled"))).toEqual({
      writer: "k",
      seq: 4,
      type: "gap",
      text: "from=1 to=2 the cable — pulled",
    });
  });

  it.each([
    "10%\r20%\r100%",
    "a ~5 b ~7",
    `@kmemtap ${NONCE} m9 bye ~17`,
    "\u2028\u2029",
    "\t[x] {y} \u0007",
    "żółć",
    " ",
  ])("may pass on any output: %j", (output) => {
    expect(parse(said("o1", `out =${output}`))).toMatchObject({ type: "out", text: `=${output}` });
  });

  it("may pass on an output that is no UTF-8; nothing else may be that", () => {
    const asRead = (text: string, bytes: readonly number[]) => {
      const body = Buffer.concat([Buffer.from(`${NONCE} o1 ${text}`), Buffer.from(bytes)]);
      return `@kmemtap ${body.toString("utf8")} ~${body.length}`;
    };
    expect(parse(asRead("out =caf", [0xe9]))).toMatchObject({ text: "=caf\ufffd" });
    expect(parse(asRead("out =", [0xff, 0xfe, 0x80, 0x41, 0xe2, 0x82]))).toMatchObject({ type: "out" });
    expect(parse(asRead("name 1 ffffffff81000000 caf", [0xe9]))).toBe("damaged");
    expect(parse(asRead("out =caf", [0xe9]).replace("caf", "[   12.3] usb: caf"))).toBe("damaged");
  });
});

describe("a line that is not whole", () => {
  const whole = said("p17", "stats cpu=0 entries=12");

  it("is damaged, wherever a byte is missing or one has come in", () => {
    for (let at = "@kmemtap ".length; at < whole.length; at++) {
      expect(parse(whole.slice(0, at) + whole.slice(at + 1))).not.toMatchObject({
        type: "stats",
        text: "cpu=0 entries=12",
      });
      expect(parse(whole.slice(0, at))).toBe("damaged");
    }
    expect(parse(whole.replace("entries", "ent[   12.3] usb 1-1: newries"))).toBe("damaged");
  });

  it.each([
    "row kmalloc 17 4711 300992 290011",
    "name 17 ffffffff81000000 kfree+0x1/0x2",
    "map name=kmalloc hits=4711",
    "tick-done",
  ])("is damaged, whatever bit of a figure has flipped: %s", (text) => {
    const figure = said("h12", text);
    for (let at = "@kmemtap ".length; at < figure.length; at++) {
      for (let bit = 0; bit < 7; bit++) {
        const flipped = String.fromCharCode(figure.charCodeAt(at) ^ (1 << bit));
        expect(parse(figure.slice(0, at) + flipped + figure.slice(at + 1))).toBe("damaged");
      }
    }
    expect(parse(figure.replace(/\.\d+$/, ""))).toBe("damaged");
  });

  it.each([
    "@kmemtap ",
    "@kmemtap x",
    `@kmemtap ${NONCE} p17 stats cpu=0`,
    `@kmemtap ${NONCE} p17 stats ~999`,
    `@kmemtap ${NONCE} p17 ~11`,
    `@kmemtap ${NONCE} p1234567890 stats ~25`,
    `@kmemtap $1 ~\${#1}"`,
    `${whole}[    1.0] log`,
  ])("or of no known form: %s", (text) => {
    expect(parse(text)).toBe("damaged");
  });

  it("is never read as another line, whatever is lost or printed into it", () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(60), fc.string({ maxLength: 8 }), (from, to, noise) => {
        fc.pre(from <= to && to <= whole.length && noise.length !== to - from);
        const parsed = parse(whole.slice(0, from) + noise + whole.slice(to));
        // Where the length itself is hit, noise may happen to be one.
        if (parsed !== undefined && parsed !== "damaged" && to < whole.length - 3) expect(parsed).toEqual(parse(whole));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("fields", () => {
  it("are words with an equals sign; a value may hold another one", () => {
    expect([...fieldsOf("a=1 b= c=x=y =z plain  d=[001]")]).toEqual([
      ["a", "1"],
      ["b", ""],
      ["c", "x=y"],
      ["d", "[001]"],
    ]);
    expect(fieldsOf("__proto__=1").get("__proto__")).toBe("1");
    expect(fieldsOf("").size).toBe(0);
  });

  it.each([
    ["0", 0],
    ["999999999999999", 999_999_999_999_999],
    ["", undefined],
    ["-1", undefined],
    ["1e3", undefined],
    ["0x10", undefined],
    ["1.5", undefined],
    [" 1", undefined],
    ["9".repeat(16), undefined],
    ["NaN", undefined],
    [undefined, undefined],
  ])("count: %j is %j", (text, count) => {
    expect(countOf(text)).toBe(count);
  });

  it.each([
    ["2.206855", 2_206_855_000],
    ["0.000000", 0],
    ["17", 17e9],
    ["1.1234567891", undefined],
    ["", undefined],
    ["1.", undefined],
    ["-1.0", undefined],
    [undefined, undefined],
  ])("clock: %j is %j", (text, ns) => {
    expect(clockNsOf(text)).toBe(ns);
  });
});
