/** A spool is one kmemtap's at a time: two would send, and remove, each other's messages. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const NAME = "lock";

/**
 * Takes the directory for this process; what gives it back.
 *
 * @throws {Error} where another process that lives has it
 */
export function lockSpool(directory: string): () => void {
  const path = join(directory, NAME);
  const mine = `${String(process.pid)} ${startOf(process.pid) ?? ""}\n`;
  try {
    writeFileSync(path, mine, { flag: "wx" });
  } catch {
    const [pid = "", start = ""] = readFileSync(path, "utf8").trim().split(" ");
    // A number that another process has by now is told by when that began.
    if (Number(pid) !== process.pid && start !== "" && startOf(Number(pid)) === start)
      throw new Error(`${directory} is in use by another kmemtap, process ${pid}`);
    writeFileSync(path, mine);
  }
  return () => {
    rmSync(path, { force: true });
  };
}

/** When a process began, in the clock ticks of proc(5), /proc/PID/stat; undefined where there is none. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
    // Behind the name, which may have anything in it; starttime is field 22, the first there field 3.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
