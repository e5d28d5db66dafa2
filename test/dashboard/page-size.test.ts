/** What the page weighs, as it is built: it opens over a slow tunnel too, and carries no library that it does not use. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { tempDir } from "../support/temp-dir.ts";

const ROOT = join(import.meta.dirname, "../..");
/** DESIGN.md: the whole page under 120 kB gzipped. */
const MOST_BYTES = 120_000;

describe("the page as it is built", () => {
  it("is under 120 kB gzipped in all, and has no schema library in it", async () => {
    const outDir = tempDir();
    // As `npm run build` has it: of a test's own environment vite makes a page for developers, 8 kB larger.
    vi.stubEnv("NODE_ENV", "production");
    onTestFinished(() => void vi.unstubAllEnvs());
    await build({
      configFile: join(ROOT, "vite.config.ts"),
      root: join(ROOT, "src/dashboard"),
      build: { outDir },
      logLevel: "error",
    });
    const files = readdirSync(outDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
    const bytes = files.reduce((sum, content) => sum + gzipSync(content).length, 0);
    expect(files.length).toBeGreaterThanOrEqual(3);
    expect(bytes).toBeLessThan(MOST_BYTES);
    expect(files.filter((content) => content.includes("ZodError"))).toEqual([]);
  });
});
