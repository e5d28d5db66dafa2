/**
 * The kernel developers' own tool, on perf.data of the same window. It reads binary records, not text, and counts the few
 * events that perf saw and ftrace did not (and the other way round), so it is compared by events/s and by nothing else.
 */
import { programMissing } from "./program.mjs";

export const perfKmem = {
  name: "perf kmem --slab --caller stat",
  id: "perf",
  unavailable: ({ perfFile }) => programMissing("perf") ?? (perfFile === null ? "no perf.data of this input" : null),
  events: ({ facts }) => facts.perf.events,
  // --force: the file may belong to another user than the one who runs the benchmark.
  command: ({ perfFile }) => ["perf", "kmem", "--force", "--input", perfFile, "--slab", "--caller", "stat"],
};
