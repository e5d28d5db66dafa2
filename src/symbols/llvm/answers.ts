/** What llvm-symbolizer says of an address, in either of its forms. */
import type { SourceFrame } from "../../model/snapshot.ts";

/** Innermost first; the last one is the function of the image that holds the address, the others were inlined. */
export type Frames = readonly SourceFrame[];

/** An answer, or what is wrong with the file or the address. */
export type Answer =
  { readonly address: string; readonly frames: Frames } | { readonly address: string; readonly failure: string };

interface JsonAnswer {
  readonly Address?: string;
  readonly Symbol?: readonly { readonly FunctionName: string; readonly FileName: string; readonly Line: number }[];
  readonly Error?: { readonly Message: string };
}

/** Takes lines, and gives an answer with the last line of each. */
export interface AnswerReader {
  /** Undefined while the answer goes on. */
  take(line: string): Answer | undefined;
}

/** `--output-style=JSON`, of LLVM 13 and later: a line each. */
export class JsonAnswers implements AnswerReader {
  take(line: string): Answer | undefined {
    if (line === "") return undefined;
    let said: JsonAnswer;
    try {
      said = JSON.parse(line) as JsonAnswer;
    } catch {
      return { address: "", failure: `not JSON: ${line.slice(0, 80)}` };
    }
    const address = said.Address ?? "";
    if (said.Error !== undefined) return { address, failure: said.Error.Message };
    const frames = (said.Symbol ?? []).map(({ FunctionName, FileName, Line }) => frame(FunctionName, FileName, Line));
    return { address, frames: frames.filter(isKnown) };
  }
}

/** `--output-style=LLVM --print-address`: the address, two lines a frame (function; file:line:column), and a blank one. */
export class TextAnswers implements AnswerReader {
  #lines: string[] = [];

  take(line: string): Answer | undefined {
    if (line !== "") {
      this.#lines.push(line);
      return undefined;
    }
    const [address = "", ...lines] = this.#lines;
    this.#lines = [];
    const frames: SourceFrame[] = [];
    for (let i = 0; i + 1 < lines.length; i += 2) {
      frames.push(frame(lines[i], ...fileAndLine(lines[i + 1])));
    }
    return { address, frames: frames.filter(isKnown) };
  }
}

/** Of `DATA`, in the same form: the address, the variable's name, where it begins and its bytes, where it is declared; nothing of the last before LLVM 15. */
export class DataAnswers implements AnswerReader {
  #lines: string[] = [];

  take(line: string): Answer | undefined {
    if (line !== "") {
      this.#lines.push(line);
      return undefined;
    }
    const [address = "", name = "", , declared = ""] = this.#lines;
    this.#lines = [];
    return { address, frames: [frame(name, ...fileAndLine(declared))].filter(isKnown) };
  }
}

function fileAndLine(place: string): [file: string, line: number] {
  const [, file = "", number] = /^(.*?)(?::(\d+|\?))?(?::\d+)?$/.exec(place) ?? [];
  return [file, Number(number)];
}

const unknown = (text: string) => text === "" || text === "??";

function frame(name: string, file: string, line: number): SourceFrame {
  return {
    function: unknown(name) ? null : name,
    file: unknown(file) ? null : file,
    line: line > 0 ? line : null,
  };
}

function isKnown({ function: name, file }: SourceFrame): boolean {
  return name !== null || file !== null;
}
