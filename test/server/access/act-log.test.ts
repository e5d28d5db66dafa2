/** What the log has of who acts and of who is refused, by a server for real. */
import { pino } from "pino";
import { expect, it } from "vitest";
import { ExitCode, KmemtapError } from "../../../src/model/errors.ts";
import { ActLog } from "../../../src/server/access/act-log.ts";
import type { Token } from "../../../src/server/access/tokens.ts";
import type { TargetControl } from "../../../src/server/registry.ts";
import { connect, serving } from "../../support/serving.ts";
import { until } from "../../support/until.ts";

const READER: Token = { name: "reader", secret: "r".repeat(32), rights: { read: true, control: false } };
const OPERATOR: Token = { name: "operator", secret: "o".repeat(32), rights: { read: true, control: true } };
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

const control: TargetControl = {
  actions: ["mark", "run", "grow"],
  perform: ({ kind }) =>
    kind === "grow"
      ? Promise.reject(new KmemtapError("target/unsupported", "too\nmuch", { exitCode: ExitCode.targetFailed }))
      : Promise.resolve(undefined),
};

/** Level and message of each line. */
const lines = (log: readonly string[]) =>
  log.map((line) => {
    const { level, msg } = JSON.parse(line) as { level: number; msg: string };
    return [level, msg];
  });
const [INFO, WARN] = [30, 40];

it("has each control with who asked it, and from where, as text of one line", async () => {
  const { url, log } = await serving({ access: { tokens: [READER, OPERATOR] }, target: { control } });
  const said = () => lines(log).filter(([, text]) => text.toString().startsWith("control "));
  const operator = connect(url, { headers: bearer(OPERATOR.secret) });
  await until("hello", () => operator.messages.length === 1);
  const phases = [
    { name: "load", command: "insmod x.ko\n\u001b[2Jrm -rf /" },
    { name: "use", command: "true" },
  ];
  const actions = [
    { kind: "mark", text: "before\u202e" },
    { kind: "run", phases, rounds: 3 },
    { kind: "grow", bufferKb: 64 },
  ];
  for (const [i, action] of actions.entries())
    operator.say({ type: "control", id: String(i), target: "target", action });
  await until("the answers", () => operator.messages.filter(({ type }) => type === "reply").length === 3);
  const by = "control by operator (127.0.0.1)";
  expect(said()).toEqual([
    [INFO, `${by}: target: mark "before\\u{202e}"`],
    [INFO, `${by}: target: run load "insmod x.ko\\u{a}\\u{1b}[2Jrm -rf /", use "true", 3 rounds`],
    [INFO, `${by}: target: grow to 64 KiB a CPU`],
    [WARN, `${by} refused: target: grow to 64 KiB a CPU: too\\u{a}much`],
  ]);
});

it("has who was refused, once, and then a count", async () => {
  const { url, log } = await serving({ access: { tokens: [READER] }, target: { control } });
  const reader = connect(url, { headers: bearer(READER.secret) });
  await until("hello", () => reader.messages.length === 1);
  for (let i = 0; i < 5; i++)
    reader.say({ type: "control", id: String(i), target: "target", action: { kind: "stop" } });
  await until("the refusals", () => reader.messages.filter(({ type }) => type === "reply").length === 5);
  for (let i = 0; i < 20; i++) await fetch(`${url}/api/targets`, { headers: bearer(`wrong-secret-${String(i)}`) });
  const byTicket = connect(url, { protocols: ["ticket.wrong-secret"] });
  await until("the refusal", () => byTicket.failure !== "");
  // A page that was opened asks first, and then for a token.
  await fetch(`${url}/api/targets`);
  const refused = lines(log).filter(([, text]) => /control|token/.test(text.toString()));
  expect(refused).toEqual([
    [WARN, "control by reader (127.0.0.1) refused: target: stop: this viewer may look, not act"],
    [WARN, "a wrong token from 127.0.0.1: /api/targets was refused"],
  ]);
  expect(log.join("")).not.toContain("wrong-secret");
});

it("says how many were refused once the pause is over, or the server ends, and keeps few of them apart", async () => {
  const log: string[] = [];
  const acts = new ActLog(pino({ level: "trace" }, { write: (line: string) => log.push(line) }), 100);
  for (let i = 0; i < 7; i++) acts.refusedToken("10.0.0.1\n", "/ws");
  await until("the count", () => log.length === 2);
  expect(lines(log).map(([, text]) => text)).toEqual([
    "a wrong token from 10.0.0.1\\u{a}: /ws was refused",
    "a wrong token from 10.0.0.1\\u{a}: /ws was refused (the last of 6 more within 0.1 s)",
  ]);
  log.length = 0;
  for (let i = 0; i < 1000; i++) acts.refusedToken(`10.0.1.${String(i)}`, "/ws");
  expect(log.length).toBeLessThanOrEqual(101);
  acts.close();
  expect(log.at(-1)).toContain("(the last of 900 more");
});
