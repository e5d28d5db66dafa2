/** How fast a link carries what the target sends, where nothing but trying tells. */
import type { Shell } from "../../model/ports.ts";

const LINE = "x".repeat(127);
/** Told of what came at once, or not at all. */
const TOO_FAST_TO_TELL = 1000;

/**
 * Bytes a second from the target to here.
 *
 * @param kilobytes how much is sent; on a UART at 115200 baud 4 take 0.4 s
 */
export async function measureLink(shell: Shell, kilobytes = 16): Promise<number> {
  const script = `i=0; while [ $i -lt ${kilobytes * 8} ]; do echo ${LINE}; i=$((i + 1)); done`;
  return (await throughputOf(shell, script)) ?? kilobytes * 1024 * TOO_FAST_TO_TELL;
}

/** Bytes a second of what a script prints; undefined where it came in one piece. */
export async function throughputOf(shell: Shell, script: string): Promise<number | undefined> {
  const running = await shell.start(script, []);
  let first: number | undefined;
  let last = 0;
  let bytes = 0;
  for await (const chunk of running.bytes) {
    last = performance.now();
    // What came with the first chunk had been on its way before the clock started.
    if (first === undefined) first = last;
    else bytes += chunk.length;
  }
  await running.exited;
  return first === undefined || bytes === 0 || last <= first ? undefined : (bytes / (last - first)) * 1000;
}
