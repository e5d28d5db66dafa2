import { spawnSync } from "node:child_process";

/** @returns {string | null} why a program cannot be run; null: it can */
export function programMissing(name) {
  const found = spawnSync("sh", ["-c", 'command -v "$1"', "sh", name]).status === 0;
  return found ? null : `${name} is not installed`;
}
