import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../model/package-root.ts";
import { VERSION } from "../model/version.ts";

/** `0.1.0 (commit 21b0841 of 2026-11-26; Node 20.20.2, linux x64)`: what a report of a defect should name. */
export function versionText(): string {
  const { versions, platform, arch } = process;
  return `${VERSION} (${builtFrom()}; Node ${versions.node}, ${platform} ${arch})`;
}

/** scripts/build.mjs writes it; nothing of a build is in git. */
function builtFrom(): string {
  try {
    const build: unknown = JSON.parse(readFileSync(join(PACKAGE_ROOT, "dist", "build.json"), "utf8"));
    return typeof build === "object" && build !== null && "from" in build ? String(build.from) : "build unknown";
  } catch {
    return "not a build";
  }
}
