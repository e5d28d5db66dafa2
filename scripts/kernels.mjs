#!/usr/bin/env node
// Real kernels to boot: Debian's own packages, as apt finds them, unpacked outside the repository.
//
//   node scripts/kernels.mjs bookworm amd64          prints {release, vmlinuz, modulesDir, cached} as JSON
//   node scripts/kernels.mjs bookworm amd64 --debug  prints {dir, cached} of its debug information: 283 MB
//
// The machine's own suite comes by plain `apt-get download`. Any other suite or architecture comes through a private apt
// state (lists, cache, status, sources of its own) whose sources are the machine's, with the release name replaced, so that
// mirrors and keys stay those the operator chose, and nothing of the machine's apt or dpkg is touched.

import { execFile } from "node:child_process";
import { existsSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Packages to ask for, best first: the cloud flavours are small and have the virtio drivers. */
const META_PACKAGES = {
  amd64: ["linux-image-cloud-amd64", "linux-image-amd64"],
  arm64: ["linux-image-cloud-arm64", "linux-image-arm64"],
  armhf: ["linux-image-armmp", "linux-image-armmp-lpae"],
};

/** What a kernel's package may be split into: signed image, unsigned binary, modules. Never headers or tools. */
const KERNEL_PART = /^linux-(?:image|binary|modules|modules-core|modules-extra)-\d/;

/** A library's package, which a program may need beside its own; the base that gcc shares is none. */
const LIBRARY = /^(?:lib|zlib)(?!.*-base)/;

const RELEASE_ALIASES = ["stable", "oldstable", "oldoldstable", "testing"];
const ROLLING = new Set(["sid", "unstable", "experimental"]);
const DONE = "fetched.json";
const STALE_MS = 3600_000;

/** Where everything downloaded or captured lives; never inside the repository. */
export function cacheDir() {
  return process.env.KMEMTAP_CACHE ?? join(homedir(), ".cache", "kmemtap");
}

/**
 * A kernel to boot and its modules, downloaded once.
 *
 * @param {{suite?: string, arch?: string, log?: (line: string) => void}} options
 *   suite: Debian's name (bullseye 5.10, bookworm 6.1, trixie 6.12, sid 7.x); arch: Debian's name (amd64, arm64, armhf)
 * @returns {Promise<{release: string, vmlinuz: string, modulesDir: string, package: string, version: string, cached: boolean}>}
 *   modulesDir is the directory named for the release; cached says that nothing was downloaded
 * @throws {Error} one message: what failed, and what to do
 */
export async function fetchKernel({ suite = "bookworm", arch = "amd64", log = () => {} } = {}) {
  const names = META_PACKAGES[arch];
  if (!names)
    throw new Error(`no kernel is known for the architecture "${arch}": use ${Object.keys(META_PACKAGES).join(", ")}`);
  checkName(suite);
  return cachedTree(
    { entry: `kernels/${suite}-${arch}`, what: `the ${suite} ${arch} kernel`, suite, arch, log },
    async (apt, tree) => {
      let meta;
      for (const name of names) if ((meta = await apt.show(name))) break;
      if (!meta) throw new Error(`apt knows none of ${names.join(", ")} there${apt.trouble()}`);
      // Old kernels are one package; newer ones are split, and the image then depends on the rest.
      const wanted = kernelParts(meta);
      const taken = new Map();
      for (let name = wanted.shift(); name; name = wanted.shift()) {
        if (taken.has(name)) continue;
        const record = await apt.show(name);
        if (!record) throw new Error(`apt does not know ${name}, which ${meta.Package} needs${apt.trouble()}`);
        taken.set(name, record.Version);
        await apt.unpack(name, tree);
        wanted.push(...kernelParts(record));
      }
      if (taken.size === 0) throw new Error(`${meta.Package} depends on no kernel package`);
      const [name] = taken.keys();
      return { package: name, version: taken.get(name), ...kernelIn(tree) };
    },
  );
}

/**
 * The debug information of the kernel that {@link fetchKernel} gives: 283 MB to download, 1.8 GB unpacked (bookworm, cloud-amd64).
 *
 * @returns {Promise<{dir: string, package: string, version: string, cached: boolean}>} dir: what `-k` takes
 * @throws {Error} also where the archive has it of a newer build only
 */
export async function fetchDebug({ suite = "bookworm", arch = "amd64", log = () => {} } = {}) {
  const kernel = await fetchKernel({ suite, arch, log });
  const name = `linux-image-${kernel.release}-dbg`;
  return cachedTree({ entry: `debug/${suite}-${arch}`, what: name, suite, arch, log }, async (apt, tree) => {
    const record = await apt.show(name);
    if (!record) throw new Error(`apt does not know ${name} there${apt.trouble()}`);
    if (record.Version !== kernel.version)
      throw new Error(`${name} is of ${record.Version}, the kernel in the cache of ${kernel.version}: remove that one`);
    await apt.unpack(name, tree);
    return { dir: "usr/lib/debug", package: name, version: record.Version };
  });
}

/**
 * One package of a suite and architecture, unpacked (used for a foreign busybox-static).
 *
 * @returns {Promise<{dir: string, package: string, version: string, cached: boolean}>}
 */
export async function fetchPackage({ name, suite, arch, log = () => {} }) {
  checkName(suite);
  return cachedTree(
    { entry: `packages/${name}-${suite}-${arch}`, what: `${name} (${suite} ${arch})`, suite, arch, log },
    async (apt, tree) => {
      const record = await apt.show(name);
      if (!record) throw new Error(`apt does not know ${name} there${apt.trouble()}`);
      await apt.unpack(name, tree);
      return { dir: ".", package: name, version: record.Version };
    },
  );
}

/** What a guest of a foreign architecture runs: Debian's packages, with what they need. */
const USERLAND = ["busybox-static", "dropbear-bin"];

/**
 * The programs of a guest of a foreign architecture, unpacked into one tree, once.
 *
 * @returns {Promise<{dir: string, packages: Record<string, string>, cached: boolean}>} packages: their versions
 */
export async function fetchUserland({ suite, arch, log = () => {} }) {
  checkName(suite);
  return cachedTree(
    { entry: `packages/userland-${suite}-${arch}`, what: `programs of ${suite} ${arch}`, suite, arch, log },
    async (apt, tree) => {
      const packages = {};
      const wanted = [...USERLAND];
      for (let name = wanted.shift(); name; name = wanted.shift()) {
        if (packages[name]) continue;
        const record = await apt.show(name);
        if (!record) throw new Error(`apt does not know ${name} there${apt.trouble()}`);
        packages[name] = record.Version;
        await apt.unpack(name, tree);
        wanted.push(...dependenciesOf(record).filter((needed) => LIBRARY.test(needed)));
      }
      return { dir: ".", packages };
    },
  );
}

/** The code name of the release this machine runs, or undefined when it does not say. */
export function machineSuite() {
  try {
    return /^VERSION_CODENAME="?([^"\n]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  } catch {
    return undefined;
  }
}

/**
 * The text of one apt source file with the machine's release name replaced by another.
 * Entries that are no part of the distribution proper (other suite names, no component "main") are left out.
 *
 * @param {string} text  the file's text
 * @param {'list' | 'sources'} form  one line an entry, or deb822
 * @param {string} from  the machine's release name
 * @param {string} to    the release wanted
 */
function rewriteSources(text, form, from, to) {
  return form === "list" ? rewriteOneLine(text, from, to) : rewriteDeb822(text, from, to);
}

function rewriteOneLine(text, from, to) {
  const lines = [];
  for (const line of text.split("\n")) {
    const entry = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line);
    if (!entry) continue;
    const [, options = "", uri, suite, components] = entry;
    const renamed = renameSuite(suite, from, to);
    if (!renamed || !components.split(/\s+/).includes("main")) continue;
    // An "arch=" of the machine's would hide the foreign architecture.
    const kept = options.split(/\s+/).filter((option) => option && !option.startsWith("arch"));
    lines.push(`deb ${kept.length > 0 ? `[${kept.join(" ")}] ` : ""}${uri} ${renamed} main\n`);
  }
  return lines.join("");
}

function rewriteDeb822(text, from, to) {
  const stanzas = [];
  for (const stanza of text.split(/\n[ \t]*\n/)) {
    // A field and its continuation lines (an embedded key has many) stay together.
    const fields = stanza
      .split("\n")
      .filter((line) => line.trim() && !line.startsWith("#"))
      .join("\n")
      .split(/\n(?=\S)/);
    const value = (name) =>
      fields
        .find((field) => field.toLowerCase().startsWith(`${name}:`))
        ?.slice(name.length + 1)
        .trim();
    if (!value("types")?.split(/\s+/).includes("deb") || /^(no|false|0)$/i.test(value("enabled") ?? "yes")) continue;
    if (!value("components")?.split(/\s+/).includes("main")) continue;
    const suites =
      value("suites")
        ?.split(/\s+/)
        .map((suite) => renameSuite(suite, from, to))
        .filter(Boolean) ?? [];
    if (suites.length === 0) continue;
    const kept = fields.filter((field) => /^(uris|signed-by|trusted|check-[\w-]+|allow-[\w-]+):/i.test(field));
    stanzas.push(`Types: deb\nSuites: ${suites.join(" ")}\nComponents: main\n${kept.join("\n")}\n`);
  }
  return stanzas.join("\n");
}

/** "bookworm-security" → "trixie-security"; undefined for a suite that is not the machine's release, or that `to` lacks. */
function renameSuite(suite, from, to) {
  const match = /^([a-z]+)((?:-updates|-security|\/updates)?)$/.exec(suite);
  if (!match || (match[1] !== from && !RELEASE_ALIASES.includes(match[1]))) return undefined;
  if (match[2] && ROLLING.has(to)) return undefined;
  return to + match[2];
}

/** Runs `fill` once for a cache entry. An interrupted run leaves only a temporary directory, which a later run removes. */
async function cachedTree({ entry, what, suite, arch, log }, fill) {
  const dir = join(cacheDir(), entry);
  const found = await readDone(dir);
  if (found) return { ...found, cached: true };
  let temporary;
  try {
    await mkdir(dirname(dir), { recursive: true });
    await removeStale(dir);
    temporary = await mkdtemp(`${dir}.tmp-`);
    const tree = join(temporary, "tree");
    await mkdir(tree);
    const apt = await openApt({ suite, arch, work: join(temporary, "apt"), log });
    log(`fetching ${what}`);
    const facts = await fill(apt, tree);
    await writeFile(join(tree, DONE), `${JSON.stringify(facts, null, 2)}\n`);
    await rename(tree, dir).catch((error) => {
      // Another run finished first (or a half-made directory of an older version is in the way).
      if (!existsSync(join(dir, DONE))) throw error;
    });
    return { ...(await readDone(dir)), cached: false };
  } catch (error) {
    throw new Error(`could not fetch ${what}: ${error.message}. ${advice(error)}`, { cause: error });
  } finally {
    if (temporary) await rm(temporary, { recursive: true, force: true });
  }
}

/** Removes what interrupted runs left; a younger directory may belong to a run that is still going. */
async function removeStale(dir) {
  for (const name of await readdir(dirname(dir))) {
    const path = join(dirname(dir), name);
    if (!name.startsWith(`${basename(dir)}.tmp-`) || Date.now() - (await stat(path)).mtimeMs < STALE_MS) continue;
    await rm(path, { recursive: true, force: true });
  }
}

/** The facts of a finished entry, its paths made absolute. */
async function readDone(dir) {
  let facts;
  try {
    facts = JSON.parse(await readFile(join(dir, DONE), "utf8"));
  } catch {
    return undefined;
  }
  for (const key of ["vmlinuz", "modulesDir", "dir"]) if (facts[key]) facts[key] = join(dir, facts[key]);
  return facts;
}

/** apt for one suite and architecture: the machine's own where it serves, else a private one below `work`. */
async function openApt({ suite, arch, work, log }) {
  const own = machineSuite();
  const nativeArch = (await run("dpkg", ["--print-architecture"])).trim();
  await mkdir(work, { recursive: true });
  let options = [];
  let isPrivate = false;
  let updateFailed;
  const goPrivate = async () => {
    options = await privateApt({ suite, arch, own, work });
    isPrivate = true;
    log(`reading the package lists of ${suite} ${arch}`);
    // An index that fails may be one we do not need: what is missing shows when the package is asked for.
    await run("apt-get", [...options, "-q", "update"]).catch((error) => {
      updateFailed = error.message;
      log(error.message);
    });
  };
  if (suite !== own || arch !== nativeArch) await goPrivate();

  return {
    /** What went wrong while the lists were read, to be added to the message when a package is missing. */
    trouble: () => (updateFailed ? ` (${updateFailed})` : ""),
    /** The newest record of a package as {Field: value}, or undefined. */
    async show(name) {
      const read = async () =>
        parseRecord(await run("apt-cache", [...options, "show", "--no-all-versions", name]).catch(ignoreUnknown));
      const record = await read();
      if (record || isPrivate) return record;
      await goPrivate(); // the machine's lists may never have been read (a fresh container)
      return read();
    },
    async unpack(name, tree) {
      const download = async () => {
        const into = await mkdtemp(join(work, "deb-"));
        log(`downloading ${name}`);
        await run("apt-get", [...options, "-q", "download", name], into);
        const deb = (await readdir(into)).find((file) => file.endsWith(".deb"));
        if (!deb) throw new Error(`apt-get download ${name} left no .deb`);
        return join(into, deb);
      };
      const deb = await download().catch(async (error) => {
        // The machine's lists may be too old for the mirror: its own fresh ones are worth one try.
        if (isPrivate || error.code === "ENOENT") throw error;
        await goPrivate();
        return download();
      });
      await run("dpkg-deb", ["-x", deb, tree]);
      await rm(deb);
    },
  };
}

/** Makes a private apt state below `work` and returns the options that select it. */
async function privateApt({ suite, arch, own, work }) {
  if (!own)
    throw new Error("/etc/os-release names no release (VERSION_CODENAME), so the apt sources cannot be adapted");
  const parts = join(work, "sources.list.d");
  for (const dir of [parts, join(work, "lists/partial"), join(work, "cache/archives/partial")])
    await mkdir(dir, { recursive: true });
  let entries = 0;
  for (const file of sourceFiles()) {
    const form = file.endsWith(".sources") ? "sources" : "list";
    const text = rewriteSources(readFileSync(file, "utf8"), form, own, suite);
    if (!text) continue;
    await writeFile(join(parts, basename(file)), text);
    entries++;
  }
  if (entries === 0) throw new Error(`the machine's apt sources have no entry for its own release ${own}`);
  await writeFile(join(work, "status"), "");
  const set = {
    "Dir::State::Lists": join(work, "lists"),
    "Dir::State::status": join(work, "status"),
    "Dir::Cache": join(work, "cache"),
    "Dir::Etc::SourceList": "/dev/null",
    "Dir::Etc::SourceParts": parts,
    "Dir::Etc::Preferences": "/dev/null",
    "Dir::Etc::PreferencesParts": "/dev/null",
    "APT::Architecture": arch,
    "APT::Architectures": arch,
    "APT::Sandbox::User": "root", // the cache may be below a home directory that the user _apt cannot enter
    "Acquire::Languages": "none",
    "Acquire::Retries": "2",
    "Acquire::http::Timeout": "30",
    "Acquire::https::Timeout": "30",
  };
  return Object.entries(set).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
}

function sourceFiles() {
  const dir = "/etc/apt/sources.list.d";
  const inDir = existsSync(dir)
    ? readdirSync(dir)
        .filter((name) => /\.(list|sources)$/.test(name))
        .map((name) => join(dir, name))
    : [];
  return ["/etc/apt/sources.list", ...inDir].filter((file) => existsSync(file));
}

/** Finds release, image and modules in an unpacked package; paths are relative to it. */
function kernelIn(tree) {
  for (const modules of ["lib/modules", "usr/lib/modules"]) {
    const path = join(tree, modules);
    if (!existsSync(path)) continue;
    for (const release of readdirSync(path)) {
      const image = [`boot/vmlinuz-${release}`, `${modules}/${release}/vmlinuz`].find((file) =>
        existsSync(join(tree, file)),
      );
      if (image) return { release, vmlinuz: image, modulesDir: `${modules}/${release}` };
    }
  }
  throw new Error("the unpacked package holds no kernel image with its modules");
}

function kernelParts(record) {
  return dependenciesOf(record).filter((name) => KERNEL_PART.test(name));
}

/** Names; of alternatives the first. */
function dependenciesOf(record) {
  return `${record.Depends ?? ""},${record["Pre-Depends"] ?? ""}`
    .split(",")
    .map((item) => item.trim().split(/[ (|:]/)[0]);
}

function parseRecord(text) {
  const record = {};
  for (const line of text.split("\n\n")[0].split("\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0 && !line.startsWith(" ")) record[line.slice(0, colon)] = line.slice(colon + 2);
  }
  return record.Package ? record : undefined;
}

function ignoreUnknown(error) {
  if (error.code === "ENOENT") throw error;
  return "";
}

function checkName(suite) {
  if (!/^[a-z]+$/.test(suite))
    throw new Error(`"${suite}" is no Debian release name: use bullseye, bookworm, trixie or sid`);
}

function advice(error) {
  if (error.code === "ENOENT")
    return "This needs a Debian-like machine with apt and dpkg; or put an unpacked kernel into the cache by hand (scripts/fixtures/README.md)";
  return 'Check that "apt-get update" works on this machine, then try again; nothing half-done was left behind';
}

/** stdout of a program run without a shell; an Error with the last useful lines of what it said. */
function run(program, args, cwd) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
    execFile(program, args, { cwd, env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const said =
        stderr
          .split("\n")
          .filter((line) => /^(E:|W:|dpkg)/.test(line))
          .slice(-3)
          .join(" ") || stderr.trim().split("\n").at(-1);
      const what =
        error.code === "ENOENT"
          ? `${program} is not installed`
          : `${program} ${args.at(-2)} ${args.at(-1)} failed: ${said}`;
      reject(Object.assign(new Error(what), { code: error.code }));
    });
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [suite, arch] = process.argv.slice(2).filter((arg) => arg !== "--debug");
  const fetched = process.argv.includes("--debug") ? fetchDebug : fetchKernel;
  if (!suite || suite.startsWith("-")) {
    console.error(
      "usage: node scripts/kernels.mjs SUITE [ARCH] [--debug]     SUITE: bullseye, bookworm, trixie, sid; ARCH: amd64, arm64, armhf",
    );
    process.exitCode = suite === "--help" ? 0 : 2;
  } else {
    try {
      const kernel = await fetched({ suite, arch: arch ?? "amd64", log: (line) => console.error(line) });
      console.log(JSON.stringify(kernel, null, 2));
    } catch (error) {
      console.error(error.message);
      process.exitCode = 1;
    }
  }
}
