/** The end of a capture: the target's ring buffers are read to their end, unless the operator will not wait for it. */
import type { LiveUpdate } from "../capture/live-update.ts";
import type { AgentSource } from "../target/agent/agent-source.ts";
import type { Logger } from "./logger.ts";
import { untilStopped } from "./until-stopped.ts";

const PROGRESS_MS = 5000;

/**
 * Ends the window and waits until all that the target recorded has arrived and it is restored. Ctrl-C cuts that short: what is
 * left in the ring buffers is counted as lost, the target is restored all the same. Once more gives up on that, too.
 *
 * @param over settles when the session is over
 */
export async function finishCapture(
  agent: AgentSource,
  over: Promise<unknown>,
  last: () => LiveUpdate | undefined,
  logger: Logger,
): Promise<void> {
  agent.stop();
  const progress = setInterval(() => {
    const { link, snapshot } = last() ?? {};
    const events = snapshot?.input.events.lines ?? 0;
    logger.info(
      { events, eventsPerSecond: Math.round(link?.eventsPerSecond ?? 0) },
      "still reading what the target recorded; Ctrl-C leaves the rest",
    );
  }, PROGRESS_MS);
  try {
    const isOver = over.then(
      () => true,
      () => true,
    );
    const stopped = () => untilStopped().then(() => false);
    if (await Promise.race([isOver, stopped()])) return;
    logger.warn("leaving what is still in the ring buffers; restoring the target (Ctrl-C once more gives up on that)");
    agent.cut();
    await Promise.race([isOver, stopped()]);
  } finally {
    clearInterval(progress);
  }
}
