/** Opens a file in what the desktop has for it. */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { say } from "./say.ts";

const OPENER = process.platform === "darwin" ? "open" : "xdg-open";

/** Says where the file is in any case: a machine without a desktop has nothing that could show it. */
export async function showFile(file: string): Promise<void> {
  const path = resolve(file);
  const started = await new Promise<boolean>((done) => {
    const viewer = spawn(OPENER, [path], { stdio: "ignore", detached: true });
    viewer.on("error", () => {
      done(false);
    });
    viewer.on("spawn", () => {
      // The viewer stays when the command has ended.
      viewer.unref();
      done(true);
    });
  });
  say(started ? `${path}: given to ${OPENER}` : `${path}: there is no ${OPENER} here to show it with`);
}
