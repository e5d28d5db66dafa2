import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configSchema, loadConfig, parseConfig } from "../../src/cli/config.ts";
import { tempDir } from "../support/temp-dir.ts";

const SHIPPED = new URL("../../config/kmemtap.yaml", import.meta.url);
const DEFAULTS = configSchema.parse({});

/** The message of the error; fails where there is none, or one without file and next step. */
function faultOf(text: string): string {
  try {
    parseConfig(text, "k.yaml");
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: "config/invalid", exitCode: 2, nextStep: expect.any(String) as string });
    return (thrown as Error).message;
  }
  return expect.fail(`no fault found in ${JSON.stringify(text)}`);
}

describe("the file that is shipped", () => {
  it("holds every option with its default", () => {
    const text = readFileSync(SHIPPED, "utf8");
    expect(parseConfig(text, "kmemtap.yaml")).toEqual(DEFAULTS);
    for (const key of Object.keys(DEFAULTS)) expect(text).toMatch(new RegExp(`^${key}:`, "m"));
  });
});

describe("a configuration", () => {
  it.each(["", "# nothing\n", "---\n", "{}\n"])("of nothing is the defaults: %j", (text) => {
    expect(parseConfig(text, "k.yaml")).toEqual(DEFAULTS);
  });

  it("may call a target what every object has already, but for the one name that objects cannot hold", () => {
    const { targets } = parseConfig("targets:\n  constructor: file:///x\n  toString: file:///y\n", "k.yaml");
    expect(Object.entries(targets)).toEqual([
      ["constructor", "file:///x"],
      ["toString", "file:///y"],
    ]);
    expect(() => parseConfig("targets:\n  lab: file:///x\n  __proto__: file:///y\n", "k.yaml")).toThrow(
      "k.yaml:3: __proto__: cannot be a name here; choose another",
    );
  });

  it("changes what it names", () => {
    expect(parseConfig("snapshotMs: 50\ntargets:\n  lab: file:///tmp/serial.log\n", "k.yaml")).toEqual({
      ...DEFAULTS,
      snapshotMs: 50,
      targets: { lab: "file:///tmp/serial.log" },
    });
  });
});

describe("the blocks of a configuration", () => {
  it("keep the defaults of what they do not name", () => {
    const text = "overrun:\n  pollMs: 250\nalerts:\n  command: logger\n  webhook: http://127.0.0.1:9/hook\n";
    expect(parseConfig(text, "k.yaml")).toEqual({
      ...DEFAULTS,
      overrun: { ...DEFAULTS.overrun, pollMs: 250 },
      alerts: { command: "logger", webhook: "http://127.0.0.1:9/hook" },
    });
    expect(DEFAULTS.overrun).toEqual({
      pollMs: 1000,
      infoFill: 0.5,
      warningFill: 0.8,
      warningSeconds: 5,
      bufferKb: "auto",
      subBufferKb: "auto",
      growLimitKb: 262_144,
    });
  });

  it("may give a target more than a URL", () => {
    const text = "targets:\n  board:\n    url: ssh://board\n    passwordFile: /p\n";
    expect(parseConfig(text, "k.yaml").targets).toEqual({ board: { url: "ssh://board", passwordFile: "/p" } });
  });
});

describe("a fault names file, line and key", () => {
  it.each([
    ["a wrong type", "\nsnapshotMs: fast\n", /^k\.yaml:2: snapshotMs: .*number/],
    ["a number out of range", "serve: 127.0.0.1:1\nsnapshotMs: 1\n", /^k\.yaml:2: snapshotMs: .*50/],
    [
      "a URL that ends with a colon",
      "targets:\n  me: local:\n",
      /^k\.yaml:2: a value with a colon at its end needs quotes/,
    ],
    ["a fraction", "snapshotMs: 100.5\n", /^k\.yaml:1: snapshotMs: /],
    ["nothing where something is needed", "silentAfterMs:\n", /^k\.yaml:1: silentAfterMs: /],
    ["a word that is none of the choices", "logLevel: loud\n", /^k\.yaml:1: logLevel: .*"info"/],
    ["an unknown key", "serve: 127.0.0.1:1\n\nservee: x\n", /^k\.yaml:3: servee: /],
    ["an unknown key without a value", "\n\nfoo:\n", /^k\.yaml:3: foo: /],
    ["a target without a URL", "targets:\n  lab: file:///x\n  bad:\n    user: x\n", /^k\.yaml:4: targets\.bad\.url: /],
    ["a target's unknown key", "targets:\n  bad:\n    url: x\n    pass: y\n", /^k\.yaml:4: targets\.bad\.pass: /],
    [
      "a target's wrong type",
      "targets:\n  bad:\n    url: x\n    user: 5\n",
      /^k\.yaml:4: targets\.bad\.user: .*string/,
    ],
    ["a target that is a number", "targets:\n  bad: 5\n", /^k\.yaml:2: targets\.bad: give a URL/],
    ["a target that is a list", "targets:\n  bad: [x]\n", /^k\.yaml:2: targets\.bad: give a URL/],
    ["a webhook that is no web address", "alerts:\n  webhook: file:///x\n", /^k\.yaml:2: alerts\.webhook: .*URL/],
    ["an unknown key of a block", "overrun:\n  pollSeconds: 1\n", /^k\.yaml:2: overrun\.pollSeconds: /],
    ["a fill beyond full", "overrun:\n  warningFill: 80\n", /^k\.yaml:2: overrun\.warningFill: /],
    ["a bad name", "targets:\n  lab: file:///x\n  a b: file:///y\n", /^k\.yaml:3: targets\.a b: .*letters, digits/],
    ["a key twice", "serve: a\nserve: b\n", /^k\.yaml:2: .*unique/],
    ["no YAML", 'serve: "x\n', /^k\.yaml:2: .*quote/],
    ["a list", "- serve\n", /^k\.yaml:1: /],
    ["a word", "hello\n", /^k\.yaml:1: /],
    ["an alias to nothing", "serve: *nope\n", /^k\.yaml:1: .*nope/],
  ])("%s", (_, text, message) => {
    expect(faultOf(text)).toMatch(message);
  });

  it("and all faults are told at once", () => {
    expect(faultOf("snapshotMs: 1\nlogLevel: loud\n").split("\n").length).toBe(2);
  });
});

describe("loadConfig", () => {
  it("reads the file that it is given", () => {
    const path = join(tempDir(), "k.yaml");
    writeFileSync(path, "snapshotMs: 77\n");
    expect(loadConfig(path).snapshotMs).toBe(77);
  });

  it("says which file it cannot read", () => {
    const dir = tempDir();
    expect(() => loadConfig(join(dir, "none.yaml"))).toThrow(
      expect.objectContaining({ code: "config/invalid" }) as Error,
    );
    mkdirSync(join(dir, "sub"));
    expect(() => loadConfig(join(dir, "sub"))).toThrow(/cannot read .*sub/);
  });
});
