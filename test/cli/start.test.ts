/** `npm start` whose npm is killed, as a supervisor or a closed terminal does. */
import { spawn } from "node:child_process";
import { expect, it } from "vitest";
import { until } from "../support/until.ts";

it("ends with whoever started it, and all that it started", async () => {
  const script = `${process.execPath} scripts/start.mjs --recorded --serve 127.0.0.1:0; :`;
  const shell = spawn("/bin/sh", ["-c", script], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  let isOver = false;
  shell.stderr.on("data", (data: Buffer) => (said += data.toString())).on("close", () => (isOver = true));
  await until("the address of the page", () => /open http:\S+/.test(said), 60_000);
  shell.kill("SIGKILL");
  // The pipe closes when the last of them has gone.
  await until("the end of all", () => isOver, 20_000);
  expect(said).not.toMatch(/defect/);
});
