/** One command in the loop: uploaded, run once, its output fetched. */
import { KmemtapError } from "../../model/errors.ts";
import type { CommandResult } from "../../model/ports.ts";
import type { ExchangeOptions, RemoteLoop } from "./remote-loop.ts";
import type { Terminal } from "./terminal.ts";
import { upload } from "./upload.ts";

/** Bytes a piece of long output; where frames are damaged, smaller ones have better luck. */
const PIECE_BYTES = 4096;
const SMALLEST_PIECE_BYTES = 64;
const TRIES_BEFORE_SPLIT = 3;
const TRIES = 40;
/** What a frame begins with that says there are no more pieces. */
const END_MARK = ".".charCodeAt(0);

/** @throws {KmemtapError} `link/lost`, `link/timeout`, `console/no-shell` */
export async function runCommand(
  loop: RemoteLoop,
  terminal: Terminal,
  command: string,
  timeoutMs: number | undefined,
): Promise<CommandResult> {
  const options: ExchangeOptions = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
  await upload(loop, "C", command, options);
  const result = await resultOf(loop, terminal, options);
  const short = /^([^]*)\.(\d{1,3})$/.exec(result);
  if (short !== null) return { output: short[1], status: Number(short[2]) };
  const output = terminal.hasDd
    ? (await fetchPieces(loop, "P", PIECE_BYTES, options)).toString("utf8")
    : await fetchWhole(loop, options);
  return { output, status: Number.parseInt(result, 10) };
}

/** Runs it; output and status where it is short, else the status and a plus sign. */
async function resultOf(loop: RemoteLoop, terminal: Terminal, options: ExchangeOptions): Promise<string> {
  const { deadline } = options;
  if (deadline === undefined || terminal.interruptible) {
    const frame = await loop.exchange("R", { ...options, patient: true });
    return frame?.body.toString("utf8") ?? loop.ask("E", options);
  }
  // No Ctrl-C reaches it, so that the target must end it itself.
  const seconds = Math.max(1, Math.ceil((deadline - Date.now()) / 1000));
  const late: ExchangeOptions = { deadline: deadline + 10_000 };
  const frame = await loop.exchange(`W ${seconds}`, { ...late, patient: true });
  if (Date.now() > deadline) throw new KmemtapError("link/timeout", "the target did not answer in time");
  return frame?.body.toString("utf8") ?? loop.ask("E", late);
}

/** Fetches what `begin` (`P` or `S`, loader.ts) hands out; a piece that arrives damaged too often is fetched in smaller ones. */
async function fetchPieces(
  loop: RemoteLoop,
  begin: "P" | "S",
  firstBytes: number,
  options: ExchangeOptions,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let pieceBytes = firstBytes;
  let frame = await loop.exchange(`B=${pieceBytes};${begin}`, options);
  const first = loop.seq;
  let since = first;
  let damaged = 0;
  // The end is told by the loop outside, whose last line was the one that began it all.
  const accepts = (tag: number): boolean => tag >= since || tag === first;
  for (;;) {
    if (frame?.body[0] === END_MARK) return Buffer.concat(pieces);
    if (frame === undefined && ++damaged > TRIES) {
      throw new KmemtapError("console/no-shell", "output arrives damaged over and over again", {
        nextStep: "quieten the kernel's log on that console (dmesg -n 1)",
      });
    }
    if (frame === undefined && (damaged < TRIES_BEFORE_SPLIT || pieceBytes <= SMALLEST_PIECE_BYTES)) {
      frame = await loop.exchange("Y", { ...options, accepts });
      continue;
    }
    if (frame === undefined) pieceBytes = Math.max(SMALLEST_PIECE_BYTES, pieceBytes / 4);
    pieces.push(frame === undefined ? await fetchPieces(loop, "S", pieceBytes, options) : frame.body.subarray(1));
    damaged = 0;
    since = loop.seq + 1;
    frame = await loop.exchange(`B=${pieceBytes};X`, { ...options, accepts });
  }
}

/** For a target without dd: all in one frame, which may take some tries. */
async function fetchWhole(loop: RemoteLoop, options: ExchangeOptions): Promise<string> {
  return (await loop.ask('F "=$O"', options)).slice(1);
}
