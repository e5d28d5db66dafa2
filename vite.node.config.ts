import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineConfig } from "vite";

/** Modules that an entry needs as soon as it is there: what it imports, and what those do; not what is imported for its types alone. */
function neededBy(...entries: string[]): ReadonlySet<string> {
  const needed = new Set<string>();
  const look = (file: string): void => {
    if (needed.has(file)) return;
    needed.add(file);
    for (const [, from] of readFileSync(file, "utf8").matchAll(/^(?:import|export) (?!type )[^;]*?"(\.[^"]+)";/gm))
      look(join(dirname(file), from));
  };
  for (const entry of entries) look(join(import.meta.dirname, "src", entry));
  return needed;
}

/** What every command loads, and what a report does, in one file: a short command's time goes into opening forty of them. */
const common = neededBy("cli/run-cli.ts", "cli/run-report.ts");

/** The command in few files: Node takes half the time to start it than from its 350 modules. What is native or loaded rarely stays a package. */
export default defineConfig({
  build: {
    ssr: "src/main.ts",
    outDir: "dist",
    emptyOutDir: false,
    target: "node20",
    sourcemap: true,
    rolldownOptions: {
      output: {
        entryFileNames: "main.js",
        chunkFileNames: "chunks/[name]-[hash].js",
        codeSplitting: { groups: [{ name: "common", test: (id) => common.has(id) }] },
      },
    },
  },
  ssr: { noExternal: ["commander", "@commander-js/extra-typings", "rxjs"] },
});
