/** `--console FILE`: the console of the boot whose trace is followed, with the lines that tp_printk sent there. */
import type { Target } from "../model/target.ts";
import { checkRecording } from "../transport/replay-file.ts";
import { readFileChunks } from "../transport/read-file.ts";
import { usage } from "./arm-options.ts";

/** What reads the console; undefined where there is none. */
export async function consoleOf(
  file: string | undefined,
  target: Target,
): Promise<(() => AsyncIterable<Uint8Array>) | undefined> {
  if (file === undefined) return undefined;
  if (target.kind !== "file" && target.kind !== "replay") {
    throw usage("--console goes with a trace that is read from a file", "use it with file: or replay:");
  }
  await checkRecording(file);
  return () => readFileChunks(file);
}
