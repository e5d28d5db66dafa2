/** Asks for a password at the terminal, whatever standard input and output are, without showing it. */
import { closeSync, openSync, writeSync } from "node:fs";
import { ReadStream } from "node:tty";

const ENTER = /[\r\n]/;
const INTERRUPT = "\u0003";
const END = "\u0004";
const ERASE_LINE = "\u0015";
const ERASE = ["\b", "\u007f"];

let asking: Promise<unknown> = Promise.resolve();

/** The answer; undefined where there is no terminal, or its user ended the question with Ctrl-D. */
export function askSecret(prompt: string): Promise<string | undefined> {
  // One question at a time: several targets may ask.
  const answer = asking.then(() => askAtTerminal(prompt));
  asking = answer.catch(() => undefined);
  return answer;
}

async function askAtTerminal(prompt: string): Promise<string | undefined> {
  let fd: number;
  try {
    fd = openSync("/dev/tty", "r+");
  } catch {
    return undefined;
  }
  // Its own descriptor, which closing the stream closes.
  const output = openSync("/dev/tty", "w");
  const terminal = new ReadStream(fd);
  try {
    terminal.setRawMode(true);
    // What the other side says in its prompts must not work the terminal.
    writeSync(output, prompt.replace(/[^\P{C}\t]/gu, "?"));
    const answer = await readSecret(terminal);
    writeSync(output, "\n");
    return answer;
  } finally {
    terminal.setRawMode(false);
    terminal.destroy();
    closeSync(output);
  }
}

function readSecret(terminal: ReadStream): Promise<string | undefined> {
  return new Promise((resolve) => {
    let typed: string[] = [];
    const settle = (answer: string | undefined) => {
      terminal.removeAllListeners("data");
      resolve(answer);
    };
    terminal.setEncoding("utf8");
    terminal.on("end", () => settle(undefined));
    terminal.on("error", () => settle(undefined));
    terminal.on("data", (text) => {
      for (const character of String(text)) {
        if (ENTER.test(character) || character === END || character === INTERRUPT) {
          const isAnswer = ENTER.test(character) || (character === END && typed.length > 0);
          settle(isAnswer ? typed.join("") : undefined);
          // A raw terminal sends no signal by itself.
          if (character === INTERRUPT) process.kill(process.pid, "SIGINT");
          return;
        }
        if (character === ERASE_LINE) typed = [];
        else if (ERASE.includes(character)) typed.pop();
        else typed.push(character);
      }
    });
  });
}
