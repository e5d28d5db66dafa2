/** Writes docs/*.schema.json from the zod schemas of the code, or with --check fails when they are out of date. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ensureBuilt, ROOT, say } from "./lib.mjs";

await ensureBuilt();
const { snapshotSchema } = await import("../build/model/snapshot.js");
const { wireSchema } = await import("../build/model/wire-request.js");
const { insideSchema } = await import("../build/model/inside.js");
const { doctorSchema } = await import("../build/model/doctor.js");
const { workloadSchema } = await import("../build/model/workload.js");
const { tasksSchema } = await import("../build/model/tasks.js");
const { livesSchema } = await import("../build/model/lives.js");
const { workloadViewSchema } = await import("../build/model/workload-view.js");
const { sizeSchema, sizeDiffSchema } = await import("../build/model/size.js");
const { diffSchema } = await import("../build/model/diff.js");
const { adviceSchema } = await import("../build/model/advice.js");
const { budgetsSchema } = await import("../build/cli/budgets.js");
const { configSchema } = await import("../build/cli/config.js");

const { openApi } = await import("../build/server/api/openapi.js");

const documents = [
  ["docs/snapshot.schema.json", snapshotSchema],
  ["docs/wire.schema.json", wireSchema],
  ["docs/inside.schema.json", insideSchema],
  ["docs/lives.schema.json", livesSchema],
  ["docs/tasks.schema.json", tasksSchema],
  ["docs/openapi.json", openApi],
  ["docs/workload.schema.json", workloadSchema],
  ["docs/workload-view.schema.json", workloadViewSchema],
  ["docs/doctor.schema.json", doctorSchema],
  ["docs/size.schema.json", sizeSchema],
  ["docs/size-diff.schema.json", sizeDiffSchema],
  ["docs/diff.schema.json", diffSchema],
  ["docs/advice.schema.json", adviceSchema],
  ["config/kmemtap.schema.json", configSchema],
  ["config/budgets.schema.json", budgetsSchema],
];
let stale = false;
for (const [name, schema] of documents) {
  const io = name.startsWith("config/") ? "input" : "output";
  const document = typeof schema === "function" ? schema() : z.toJSONSchema(schema, { io });
  const text = JSON.stringify(document, null, 2) + "\n";
  const path = join(ROOT, name);
  if (process.argv.includes("--check")) {
    const current = (() => {
      try {
        return readFileSync(path, "utf8");
      } catch {
        return undefined;
      }
    })();
    if (current !== text) {
      say(`${name} is out of date: run node scripts/generate-schemas.mjs`);
      stale = true;
    }
  } else {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
  }
}
process.exitCode = stale ? 1 : 0;
