/** `npm start`: install, build, boot a real kernel and watch it. Arguments go to `kmemtap demo`. */
import { ensureBuilt, run } from "./lib.mjs";
import { DEMO_PARTS, provision } from "./provision.mjs";

await ensureBuilt();
if (!process.argv.includes("--recorded")) await provision(DEMO_PARTS);

// npm that is killed takes its shell with it and tells nobody below: then the guest, its port and its files would stay.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, "SIGTERM");
}, 500).unref();

process.exitCode = await run(process.execPath, ["dist/main.js", "demo", ...process.argv.slice(2)]);
