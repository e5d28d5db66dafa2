/**
 * An allocation storm on one CPU: looks for a file that is not there, for ever. Each look takes a name buffer from its
 * kmem_cache and gives it back: two events in under two microseconds.
 */
import { existsSync } from "node:fs";

for (;;) existsSync("/nonexistent/kmemtap-storm");
