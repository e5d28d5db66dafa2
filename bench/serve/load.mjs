/** A machine that is at work: bursts of allocations, a fifth of the time. */
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const BURST_MS = 4;
const REST_MS = 16;

for (;;) {
  for (const end = performance.now() + BURST_MS; performance.now() < end;)
    for (let i = 0; i < 50; i++) existsSync("/nonexistent/kmemtap-load");
  await sleep(REST_MS);
}
