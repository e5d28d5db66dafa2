/** What the scripts share: they run before anything is installed or built, so they use Node alone. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Says what a script is about to do, apart from the output of what it runs. */
export function say(text) {
  process.stderr.write(`kmemtap: ${text}\n`);
}

/** Runs a command in the project; its exit status (128 + signal when it was killed by one). */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: "inherit", ...options });
    // Ctrl-C reaches the child by the terminal; a signal sent to this script alone is passed on.
    const pass = (signal) => child.kill(signal);
    process.on("SIGTERM", pass);
    process.on("SIGINT", () => {});
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      process.off("SIGTERM", pass);
      resolve(signal === null ? code : 128 + (signal === "SIGINT" ? 2 : 15));
    });
  });
}

/** Runs a command that must succeed; ends the script with its status when it does not. */
export async function must(command, args, options) {
  const status = await run(command, args, options);
  if (status !== 0) process.exit(status);
}

export function hasCommand(name) {
  const path = (process.env.PATH ?? "").split(":").concat("/usr/sbin", "/sbin");
  return path.some((folder) => folder !== "" && existsSync(join(folder, name)));
}

/** Installs the packages of package-lock.json unless they are there already, from this very lock file. */
export async function ensureDependencies() {
  const stamp = join(ROOT, "node_modules", ".kmemtap-lock");
  const lock = readFileSync(join(ROOT, "package-lock.json"), "utf8");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  say("installing npm packages (npm ci)");
  await must("npm", ["ci", "--no-audit", "--no-fund"], { stdio: ["ignore", 2, "inherit"] });
  writeFileSync(stamp, lock);
}

/** Builds `dist/` and `build/` when a source is newer than they are. */
export async function ensureBuilt() {
  await ensureDependencies();
  const { ensureWasm } = await import("./wasm.mjs");
  await ensureWasm();
  const entry = join(ROOT, "dist", "main.js");
  const page = join(ROOT, "dist", "dashboard", "index.html");
  if (existsSync(entry) && existsSync(page)) {
    const built = Math.min(statSync(entry).mtimeMs, statSync(page).mtimeMs);
    if (
      newestOf([
        "src",
        "package-lock.json",
        "tsconfig.json",
        "tsconfig.build.json",
        "vite.config.ts",
        "vite.node.config.ts",
        "vite.rings.config.ts",
      ]) < built
    )
      return;
  }
  say("building");
  await must(process.execPath, ["scripts/build.mjs"], { stdio: ["ignore", 2, "inherit"] });
}

function newestOf(paths) {
  let newest = 0;
  for (const path of paths.map((name) => join(ROOT, name))) {
    const found = statSync(path);
    if (!found.isDirectory()) newest = Math.max(newest, found.mtimeMs);
    else
      for (const name of readdirSync(path, { recursive: true }))
        newest = Math.max(newest, statSync(join(path, name)).mtimeMs);
  }
  return newest;
}

/** True where `apt-get` may be used: Debian or a derivative, as root. */
export function canInstall() {
  return process.getuid?.() === 0 && hasCommand("apt-get");
}
