/** What the agent says in codes, in words: findings and refusals; its script and its nonce. */
import { readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { KmemtapError } from "../../../src/model/errors.ts";
import { agentScript, compacted } from "../../../src/target/agent/agent-script.ts";
import { findingOf } from "../../../src/target/agent/findings.ts";
import { measureLink } from "../../../src/target/agent/measure-link.ts";
import { newNonce } from "../../../src/target/agent/nonce.ts";
import { refusalOf } from "../../../src/target/agent/refusal.ts";
import { localShell } from "../../../src/transport/local-shell.ts";

const SOURCE = readFileSync(new URL("../../../agent/kmemtap-agent.sh", import.meta.url), "utf8");
const codesIn = (verbs: RegExp) => new Set([...SOURCE.matchAll(verbs)].map(([, code]) => code));

describe("a finding", () => {
  it.each([...codesIn(/finding "code=([\w-]+)/g)])("of the agent's has words: %s", (code) => {
    const words = findingOf(`code=${code} instance=i level=7 kb=64 event=kfree path=/x keys=1024 what=kfree pace=5`);
    expect(words).not.toContain("code=");
    expect(words).not.toContain("?");
  });

  it("that is not known is shown as it is, and missing fields as unknown", () => {
    expect(findingOf("code=new-thing x=1")).toBe("code=new-thing x=1");
    expect(findingOf("")).toBe("");
    expect(findingOf("code=buffer-refused")).toContain("? KB");
  });
});

describe("a refusal", () => {
  const codes = codesIn(/refuse "code=([\w-]+)/g);

  it("is known for every code that the agent has", () => {
    expect(codes.size).toBeGreaterThan(5);
  });

  it.each([...codes])("says what is wrong and what to do: %s", (code) => {
    const error = refusalOf(`code=${code} what=x`, "ssh://board");
    expect(error).toMatchObject({ code: "agent/refused", exitCode: 3 });
    expect(error.message).toMatch(/^ssh:\/\/board cannot be traced: /);
    expect(error.message).not.toContain("the agent refused");
    expect(error.nextStep).not.toBe("");
  });

  it.each(["", "code=", "code=new", "code=constructor", "code=__proto__", "code=toString"])(
    "is an error in words for any text: %j",
    (text) => {
      const error = refusalOf(text, "local:");
      expect(error).toBeInstanceOf(KmemtapError);
      expect(error.message).toBe(`local: cannot be traced: the agent refused (${text})`);
      expect(error.nextStep).toContain("doctor");
    },
  );
});

describe("the agent's script", () => {
  it("is sent without comments and indentation, and is the same script", async () => {
    expect(agentScript()).not.toMatch(/^\s*#/m);
    expect(agentScript()).not.toMatch(/^[ \t]/m);
    const shell = localShell();
    onTestFinished(() => shell.close());
    const run = async (script: string) => {
      const running = await shell.start(script, []);
      let output = "";
      for await (const chunk of running.bytes) output += Buffer.from(chunk).toString();
      return { output, status: await running.exited };
    };
    const script = "# comment\nif true; then\n\t# more\n    echo 'a # b' #c\nfi\n\nexit 3\n";
    expect(await run(compacted(script))).toEqual({ output: "a # b\n", status: 3 });
    // A verb it does not know, so that it is read to its end and does nothing.
    expect((await run(agentScript())).status).toBe(2);
  });
});

describe("a nonce", () => {
  it("is fit for the names of instances and events, and never the same", () => {
    const nonces = Array.from({ length: 200 }, newNonce);
    for (const nonce of nonces) expect(nonce).toMatch(/^k[0-9a-f]{6}$/);
    expect(new Set(nonces).size).toBeGreaterThan(195);
  });
});

describe("the speed of a link", () => {
  it("is measured by what the target sends", async () => {
    const shell = localShell();
    onTestFinished(() => shell.close());
    expect(await measureLink(shell, 64)).toBeGreaterThan(100_000);
  });

  it("is that of a slow one", async () => {
    const shell = localShell();
    onTestFinished(() => shell.close());
    const slow = {
      ...shell,
      start: (script: string, args: readonly string[]) =>
        shell.start(script.replace("; i=$", "; sleep 0.01; i=$"), args),
    };
    // 128 bytes at least every 10 ms.
    expect(await measureLink(slow, 4)).toBeLessThan(12_800);
  });

  it("is an error where the link is lost meanwhile", async () => {
    const shell = localShell();
    await shell.close();
    const gone = { ...shell, start: () => Promise.reject(new KmemtapError("link/lost", "gone")) };
    await expect(measureLink(gone)).rejects.toThrow("gone");
  });
});
