/** `npm start`: install, build, boot a real kernel and watch it. Arguments go to `kmemtap demo`. */
import { ensureBuilt, run } from "./lib.mjs";
import { DEMO_PARTS, provision } from "./provision.mjs";

await ensureBuilt();
if (!process.argv.includes("--recorded")) await provision(DEMO_PARTS);
process.exitCode = await run(process.execPath, ["dist/main.js", "demo", ...process.argv.slice(2)]);
