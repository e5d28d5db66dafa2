/** Long texts into a variable of the loop, a short line at a time, each checked before it counts. */
import { KmemtapError } from "../../model/errors.ts";
import { checkOf } from "./loader.ts";
import type { ExchangeOptions, RemoteLoop } from "./remote-loop.ts";

/** With number and check a line stays below 255 characters, which the smallest terminals and line editors take. */
const PIECE_CHARS = 200;
const TRIES = 3;

/**
 * Sets the loop's variable `name` to `text`.
 *
 * @throws {KmemtapError} `agent/upload` when what arrived is not what was sent; else as {@link RemoteLoop.exchange}
 */
export async function upload(loop: RemoteLoop, name: string, text: string, options: ExchangeOptions): Promise<void> {
  const bytes = Buffer.from(text.replaceAll("\0", ""));
  for (let tries = 0; tries < TRIES; tries++) {
    for (const piece of assignments(name, bytes)) await loop.exchange(piece, options);
    // Every line was checked; that none was left out or done twice is checked here.
    const seen = (await loop.ask(`V "$${name}";F "$v"`, options)).trim();
    if (seen === checkOf(bytes, loop.facts.check)) return;
    if (loop.facts.check === "length" && seen === String(Array.from(text).length)) return;
  }
  throw new KmemtapError("agent/upload", `what was typed into the console arrived damaged ${TRIES} times`, {
    nextStep: "check the line's flow control and baud rate",
  });
}

/** Assignments that add up to `name=text`, each with at most {@link PIECE_CHARS} characters, all of them printable ASCII. */
export function* assignments(name: string, text: Uint8Array): Generator<string> {
  yield `${name}=`;
  const before = `${name}=$${name}`;
  let piece = new Piece(before);
  for (const byte of text) {
    if (!piece.add(byte)) {
      yield piece.end();
      piece = new Piece(before);
      piece.add(byte);
    }
  }
  if (text.length > 0) yield piece.end();
}

type Way = "bare" | "quoted" | "octal";

/** Builds one assignment: quoted text, with variables for line end and tab, and printf for what no terminal would pass. */
class Piece {
  #text: string;
  #way: Way = "bare";

  constructor(before: string) {
    this.#text = before;
  }

  /** False where it would become too long; nothing is added then. */
  add(byte: number): boolean {
    const [way, text] = spell(byte);
    const added = way === this.#way ? text : CLOSE[this.#way] + OPEN[way] + text;
    if (this.#text.length + added.length + CLOSE[way].length > PIECE_CHARS) return false;
    this.#text += added;
    this.#way = way;
    return true;
  }

  end(): string {
    return this.#text + CLOSE[this.#way];
  }
}

const OPEN: Record<Way, string> = { bare: "", quoted: "'", octal: '`printf "' };
const CLOSE: Record<Way, string> = { bare: "", quoted: "'", octal: '"`' };

function spell(byte: number): [Way, string] {
  if (byte === 0x0a) return ["bare", "$J"];
  if (byte === 0x09) return ["bare", "$I"];
  if (byte === 0x27) return ["bare", "\\'"];
  if (byte >= 0x20 && byte < 0x7f) return ["quoted", String.fromCharCode(byte)];
  // Two backslashes: the shell takes one off between the backquotes.
  return ["octal", `\\\\${byte.toString(8).padStart(3, "0")}`];
}
