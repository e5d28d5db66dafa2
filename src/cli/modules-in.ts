import type { WorkloadPhaseSpec } from "../capture/workload-script.ts";

const REMOVES = /\b(?:rmmod|modprobe|insmod)\s+([^;&|<>()\n]+)/g;

/** Modules that the commands name: their symbols are read while they are loaded. `a_b` and `a-b` are one module. */
export function modulesIn(phases: readonly WorkloadPhaseSpec[]): string {
  const names = new Set<string>();
  for (const { command } of phases) {
    for (const [, words] of command.matchAll(REMOVES)) {
      for (const word of words.split(/\s+/)) {
        const name = word
          .replaceAll(/["']/g, "")
          .replace(/^.*\//, "")
          .replace(/\.ko(\.\w+)?$/, "")
          .replaceAll("-", "_");
        if (/^\w*[a-z]\w*$/i.test(name) && !word.startsWith("-") && !word.includes("=")) names.add(name);
      }
    }
  }
  return [...names].join(" ");
}
