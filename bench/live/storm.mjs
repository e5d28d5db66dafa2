/**
 * An allocation storm on one CPU: looks for a file that is not there, for ever. Each look takes a name buffer from its
 * kmem_cache and gives it back: two events in under two microseconds. Says now and then how often it has looked.
 */
import { existsSync, writeSync } from "node:fs";

const SAY_EVERY = 1 << 16;

for (let rounds = 1; ; rounds++) {
  existsSync("/nonexistent/kmemtap-storm");
  if (rounds % SAY_EVERY === 0) writeSync(1, `${rounds}\n`);
}
