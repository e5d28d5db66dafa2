/** Mounts this machine's tracefs for a run of the tests, where root can and nobody has: no suite depends on who mounted it before. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const TRACING = "/sys/kernel/tracing";

/** For vitest's `globalSetup`: what undoes it. */
export default function mountTracefs(): () => void {
  const isOurs =
    process.getuid?.() === 0 &&
    existsSync(TRACING) &&
    !existsSync(`${TRACING}/instances`) &&
    spawnSync("mount", ["-t", "tracefs", "tracefs", TRACING]).status === 0;
  return () => {
    if (isOurs) spawnSync("umount", [TRACING]);
  };
}
