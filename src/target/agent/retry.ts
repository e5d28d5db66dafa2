import { setTimeout as sleep } from "node:timers/promises";

const BACK_OFF_MS = [250, 500, 1000, 2000, 4000, 8000, 15_000];

/** Tries again and again, with longer and longer pauses; undefined where `ended` comes first. */
export async function retry<T>(
  attempt: () => Promise<T>,
  ended: AbortSignal,
  onFailure: (thrown: unknown) => void,
): Promise<T | undefined> {
  for (let n = 0; ; n++) {
    const pause = sleep(BACK_OFF_MS[Math.min(n, BACK_OFF_MS.length - 1)], false, { signal: ended });
    const isOver = await pause.catch(() => true);
    if (isOver) return undefined;
    try {
      return await attempt();
    } catch (thrown) {
      onFailure(thrown);
    }
  }
}
