/** What `npm pack` makes: unpacked elsewhere, with the packages that it names beside it and no others, it runs. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureBuilt } from "../support/kmemtap.ts";

const ROOT = join(import.meta.dirname, "../..");
const DEMO = "fixtures/6.1-amd64-demo/trace.txt.gz";

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

const json = (path: string) => JSON.parse(readFileSync(join(ROOT, path), "utf8")) as unknown;

/** @returns where in the directory it is unpacked */
function packedInto(dir: string): string {
  execFileSync("npm", ["pack", "--silent", "--pack-destination", dir], { cwd: ROOT });
  const [tarball] = readdirSync(dir);
  execFileSync("tar", ["-xzf", tarball], { cwd: dir });
  const { packages } = json("package-lock.json") as Lock;
  for (const [path, { dev }] of Object.entries(packages)) {
    // What stands deeper comes with what it stands in.
    if (dev === true || !/^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path) || !existsSync(join(ROOT, path))) continue;
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    symlinkSync(join(ROOT, path), join(dir, path));
  }
  return join(dir, "package");
}

describe("the package", () => {
  let [dir, root] = ["", ""];

  beforeAll(() => {
    ensureBuilt();
    dir = mkdtempSync(join(tmpdir(), "kmemtap-package-"));
    root = packedInto(dir);
  }, 180_000);
  afterAll(() => rmSync(dir, { recursive: true }));

  const run = (...args: string[]) =>
    execFileSync(process.execPath, [join(root, "dist/main.js"), ...args], {
      cwd: "/",
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: "/nonexistent" },
      stdio: ["ignore", "pipe", "ignore"],
    });

  it("runs, and tells of what it was built", () => {
    expect(run("--version")).toMatch(/^\d+\.\d+\.\d+ \((?:commit|built) .*; Node [\d.]+, .*\)\n$/);
    expect(run("report", join(root, DEMO))).toMatch(/^current bytes allocated: +14157920\n/);
    expect(existsSync(join(root, "dist/man/kmemtap.1"))).toBe(true);
    expect(existsSync(join(root, "dist/dashboard/index.html"))).toBe(true);
  });

  it("has each document that it sends its user to", () => {
    const named = new Set<string>();
    for (const name of readdirSync(join(root, "dist"), { recursive: true, encoding: "utf8" }))
      if (/\.(?:js|1)$/.test(name))
        for (const [path] of readFileSync(join(root, "dist", name), "utf8").matchAll(
          /\b(?:docs|contrib)\/[\w/.-]+\.(?:md|json|service|yml)\b/g,
        ))
          named.add(path);
    expect(named.size).toBeGreaterThan(5);
    expect([...named].filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it("gives man a page of each command where it is installed", () => {
    const prefix = join(dir, "prefix");
    execFileSync("npm", ["install", "--global", "--offline", "--silent", "--prefix", prefix, root]);
    const pages = readdirSync(join(prefix, "share/man/man1"));
    expect(pages.sort()).toEqual(readdirSync(join(ROOT, "dist/man")).sort());
    for (const page of pages) expect(readFileSync(join(prefix, "share/man/man1", page), "utf8")).toMatch(/^\.TH /m);
  });

  it("is of a build, also where nobody has built yet", () => {
    expect((json("package.json") as Manifest).scripts["prepack"]).toBe("node scripts/ensure-built.mjs");
  });
});
