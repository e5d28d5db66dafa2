/** A real terminal: socat gives the program a pty as its controlling terminal. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it, onTestFinished } from "vitest";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

/** A program that asks, with its standard streams elsewhere; it says what it got in a file. */
function asker(questions: readonly string[], { interrupted = false } = {}): { program: string; answers: () => string } {
  const dir = tempDir();
  const source = readFileSync(new URL("../../src/cli/ask-secret.ts", import.meta.url), "utf8");
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
  });
  mkdirSync(join(dir, "src"));
  writeFileSync(join(dir, "src", "ask-secret.mjs"), outputText);
  const program = join(dir, "ask.mjs");
  const result = join(dir, "answers");
  writeFileSync(
    program,
    `import { writeFileSync } from "node:fs";
    import { askSecret } from "./src/ask-secret.mjs";
    const interrupt = new Promise((resolve) => process.once("SIGINT", resolve));
    const alive = setInterval(() => undefined, 1000);
    const answers = await Promise.all(${JSON.stringify(questions)}.map(askSecret));
    if (${String(interrupted)}) await interrupt;
    clearInterval(alive);
    writeFileSync(${JSON.stringify(result)}, JSON.stringify(answers.map((answer) => answer ?? null)));`,
  );
  const answers = () => {
    try {
      return readFileSync(result, "utf8");
    } catch {
      return "";
    }
  };
  return { program, answers };
}

function atTerminal(program: string) {
  const child = spawn("socat", ["-", `SYSTEM:exec node ${program} </dev/null >/dev/null 2>&1,pty,setsid,ctty`], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const screen = { text: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (screen.text += text));
  return { screen, type: (text: string) => void child.stdin.write(text) };
}

describe("askSecret", () => {
  it("asks at the terminal and shows nothing of the answer", async () => {
    const { program, answers } = asker(["Password for root@board: ", "Second\u001b[2J: "]);
    const { screen, type } = atTerminal(program);
    await until("the prompt", () => screen.text.includes("board: "));
    type("wrong\u0015hunter3\u007f2\r");
    await until("the second prompt", () => screen.text.includes("Second"));
    type("ü €\n");
    await until("the answers", () => answers() !== "");
    expect(JSON.parse(answers())).toEqual(["hunter2", "ü €"]);
    // socat passes the last line on when it comes to it.
    await expect.poll(() => screen.text).toBe("Password for root@board: \r\nSecond?[2J: \r\n");
  });

  it("gives up on Ctrl-D, and ends on Ctrl-C", async () => {
    const first = asker(["one: "]);
    const at = atTerminal(first.program);
    await until("the prompt", () => at.screen.text.includes("one: "));
    at.type("\u0004");
    await until("the answer", () => first.answers() !== "");
    expect(JSON.parse(first.answers())).toEqual([null]);

    const second = asker(["two: "], { interrupted: true });
    const other = atTerminal(second.program);
    await until("the prompt", () => other.screen.text.includes("two: "));
    other.type("x\u0003");
    await until("the interrupt", () => second.answers() !== "");
    expect(JSON.parse(second.answers())).toEqual([null]);
  });

  it("has no answer where there is no terminal", async () => {
    const { program, answers } = asker(["who: "]);
    const child = spawn("setsid", ["-w", "node", program], { stdio: "ignore" });
    onTestFinished(() => void child.kill("SIGKILL"));
    await until("the answer", () => answers() !== "");
    expect(JSON.parse(answers())).toEqual([null]);
  });
});
