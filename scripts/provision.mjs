/**
 * What a clean Debian lacks: installed with apt when this is root, which is said first; else named, with what to do.
 *
 *   node scripts/provision.mjs            all that the tests need
 *   node scripts/provision.mjs demo       what booting a kernel needs
 *   node scripts/provision.mjs proofs     what `npm run proofs` needs besides: 283 MB of a kernel's debug information, and a small kernel that is built
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { buildTree, TREES } from "./kernel-tree.mjs";
import { fetchDebug, fetchKernel, fetchUserland } from "./kernels.mjs";
import { canInstall, hasCommand, run, say } from "./lib.mjs";

const hasStaticBusybox = () =>
  existsSync("/bin/busybox") && !readFileSync("/bin/busybox").subarray(0, 4096).includes("/ld-");

/** Debian's package, and how to tell that it is there. */
const PARTS = {
  qemu: { package: "qemu-system-x86", isThere: () => hasCommand("qemu-system-x86_64") },
  qemuArm: { package: "qemu-system-arm", isThere: () => hasCommand("qemu-system-arm") },
  busybox: { package: "busybox-static", isThere: hasStaticBusybox },
  chromium: { package: "chromium", isThere: () => hasCommand("chromium") },
  shellcheck: { package: "shellcheck", isThere: () => hasCommand("shellcheck") },
  sshd: { package: "openssh-server", isThere: () => hasCommand("sshd") },
  ssh: { package: "openssh-client", isThere: () => hasCommand("ssh") },
  dropbear: { package: "dropbear-bin", isThere: () => hasCommand("dropbear") },
  socat: { package: "socat", isThere: () => hasCommand("socat") },
  mksh: { package: "mksh", isThere: () => hasCommand("mksh") },
  toybox: { package: "toybox", isThere: () => hasCommand("toybox") },
  llvm: { package: "llvm", isThere: () => hasCommand("llvm-symbolizer") },
  binutils: { package: "binutils", isThere: () => hasCommand("readelf") && hasCommand("size") },
  // `go tool pprof` reads our profiles; the others are what metrics and sinks are tried against.
  go: { package: "golang-go", isThere: () => hasCommand("go") },
  prometheus: { package: "prometheus", isThere: () => hasCommand("prometheus") && hasCommand("promtool") },
  nats: { package: "nats-server", isThere: () => hasCommand("nats-server") },
  // The daemon tells systemd that it is ready by systemd-notify; a test hears it with Python.
  systemd: { package: "systemd", isThere: () => hasCommand("systemd-notify") && hasCommand("systemd-analyze") },
  python: { package: "python3", isThere: () => hasCommand("python3") },
  groff: { package: "groff-base", isThere: () => hasCommand("groff") },
  zsh: { package: "zsh", isThere: () => hasCommand("zsh") },
  fish: { package: "fish", isThere: () => hasCommand("fish") },
  traceCmd: { package: "trace-cmd", isThere: () => hasCommand("trace-cmd") },
};
/** What a kernel is built with, for the proofs. */
const BUILD_PARTS = {
  gcc: { package: "gcc", isThere: () => hasCommand("gcc") },
  make: { package: "make", isThere: () => hasCommand("make") },
  flex: { package: "flex", isThere: () => hasCommand("flex") },
  bison: { package: "bison", isThere: () => hasCommand("bison") },
  bc: { package: "bc", isThere: () => hasCommand("bc") },
  xz: { package: "xz-utils", isThere: () => hasCommand("xz") },
  libelf: { package: "libelf-dev", isThere: () => existsSync("/usr/include/gelf.h") },
  libc: { package: "libc6-dev", isThere: () => existsSync("/usr/include/stdio.h") },
  python: { package: "python3", isThere: () => hasCommand("python3") },
};
const DEMO_PARTS = ["qemu", "busybox"];
/** Debian's kernels: the demo's 6.1; for the tests 5.10 (no hist triggers), 6.12 and the newest as well. */
const DEMO_SUITES = ["bookworm"];
const SUITES = [...DEMO_SUITES, "bullseye", "trixie", "sid"];
/** 6.1 of other architectures, for the tests: 32-bit and 64-bit ARM, with the programs that go into a guest. */
const FOREIGN = { suite: "bookworm", archs: ["armhf", "arm64"] };

/** Installs what is missing as far as this user may; never fails: what is still missing is said where it is needed. */
export async function provision(parts = Object.keys(PARTS), suites = parts === DEMO_PARTS ? DEMO_SUITES : SUITES) {
  await installMissing(parts.map((part) => PARTS[part]));
  if (PARTS.qemu.isThere()) for (const suite of suites) await fetched(suite, "amd64");
  if (!parts.includes("qemuArm") || !PARTS.qemuArm.isThere()) return;
  for (const arch of FOREIGN.archs) await fetched(FOREIGN.suite, arch);
}

/** A kernel, and what goes into its guest, in the cache; what fails is said. */
async function fetched(suite, arch) {
  try {
    const kernel = await fetchKernel({ suite, arch, log: say });
    if (!kernel.cached) say(`Debian's kernel ${kernel.release} (${arch}) is in the cache`);
    if (arch !== "amd64") await fetchUserland({ suite, arch, log: say });
  } catch (error) {
    say(error.message);
  }
}

async function installMissing(parts) {
  const missing = parts.filter(({ isThere }) => !isThere()).map((part) => part.package);
  if (missing.length > 0) await install(missing);
}

async function install(packages) {
  if (!canInstall()) {
    say(`not installed: ${packages.join(", ")} (as root on Debian: apt-get install ${packages.join(" ")})`);
    return;
  }
  say(`installing with apt-get: ${packages.join(", ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const aptGet = (...args) => run("apt-get", args, { env, stdio: ["ignore", 2, 2] });
  const args = ["install", "-y", "-qq", "--no-install-recommends", ...packages];
  const forbidden = forbidServices();
  try {
    // The package lists of a fresh container are empty or old.
    if ((await aptGet("update", "-qq")) !== 0 || (await aptGet(...args)) !== 0) say("apt-get failed: see above");
  } finally {
    if (forbidden) rmSync(POLICY);
  }
}

/** What Debian's packages ask before they start a service (invoke-rc.d): 101 says no. The tests start programs themselves. */
const POLICY = "/usr/sbin/policy-rc.d";

/** @returns false where the machine has a policy of its own */
function forbidServices() {
  if (existsSync(POLICY)) return false;
  writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  return true;
}

/** Too much for every run of the tests. */
export async function provisionProofs() {
  await provision();
  await installMissing(Object.values(BUILD_PARTS));
  try {
    await fetchDebug({ log: say });
    for (const name of Object.keys(TREES)) {
      const tree = await buildTree({ name, log: say });
      if (!tree.cached) say(`a small kernel ${tree.release} was built in ${tree.seconds} s: ${tree.dir}`);
    }
  } catch (error) {
    say(error.message);
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  if (process.argv[2] === "proofs") await provisionProofs();
  else await provision(process.argv[2] === "demo" ? DEMO_PARTS : undefined);
}

export { DEMO_PARTS };
