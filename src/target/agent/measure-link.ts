/** How fast a link carries what the target sends, where nothing but trying tells. */
import type { Shell } from "../../model/ports.ts";

const LINE = "x".repeat(127);

/**
 * Bytes a second from the target to here.
 *
 * @param kilobytes how much is sent; on a UART at 115200 baud 4 take 0.4 s
 */
export async function measureLink(shell: Shell, kilobytes = 16): Promise<number> {
  const script = `i=0; while [ $i -lt ${kilobytes * 8} ]; do echo ${LINE}; i=$((i + 1)); done`;
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
  if (first === undefined || bytes === 0 || last <= first) return kilobytes * 1024 * 1000;
  return (bytes / (last - first)) * 1000;
}
