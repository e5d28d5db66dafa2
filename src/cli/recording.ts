/** Recorded traces on the command line: what is read, and what is said of it on stderr. */
import type { RecordingInput } from "../capture/account-recording.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { lossNotice } from "../report/loss-notice.ts";
import { readFileChunks } from "../transport/read-file.ts";

/** `-` is standard input. */
export function inputOf(file: string, onRead?: (bytes: number) => void): RecordingInput {
  const chunks = readFileChunks(file, onRead);
  return file === "-" ? { label: "standard input", chunks } : { label: file, chunks, path: file, onRead };
}

/** Why the account is not exact, one line; undefined where it is, or where only hidden pointers are why. */
export function notExactNotice(snapshot: Snapshot): string | undefined {
  const { lostEvents, lostUncounted, rejected, damagedInput } = snapshot.loss;
  const isLost = lostEvents > 0 || lostUncounted > 0 || rejected > 0 || damagedInput.length > 0;
  return isLost ? lossNotice(snapshot) : undefined;
}
