/** `kmemtap doctor` as a process, against this machine for real. */
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { doctorSchema } from "../../src/model/doctor.ts";
import { ensureBuilt, kmemtap, MAIN } from "../support/kmemtap.ts";
import { tempDir } from "../support/temp-dir.ts";
import { canTrace } from "../support/traced.ts";
import { ALLOC_LINE } from "../support/trace-text.ts";

beforeAll(ensureBuilt, 120_000);

const isRoot = process.getuid?.() === 0;
const INSTANCES = "/sys/kernel/tracing/instances";

function asNobody(...command: string[]) {
  return spawnSync("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", ...command], {
    encoding: "utf8",
    cwd: "/",
    env: { PATH: process.env["PATH"], HOME: "/nonexistent" },
  });
}

/** Instances of agents that have ended: others may be at work while this test runs. */
function abandoned(): string[] {
  return readdirSync(INSTANCES).filter((name) => {
    const pid = /^kmemtap-(\d+)-/.exec(name)?.[1];
    return pid !== undefined && !existsSync(`/proc/${pid}`);
  });
}

/** Any other capture on this machine removes what was left, perhaps between the two steps. */
async function eventually(prepare: () => void, attempt: () => Promise<void>): Promise<void> {
  for (let tries = 0; tries < 4; tries++) {
    prepare();
    try {
      await attempt();
      return;
    } catch {
      // Tried again below, the last time without mercy.
    }
  }
  prepare();
  await attempt();
}

async function examined(...args: string[]) {
  const { status, stdout, stderr } = await kmemtap(["doctor", ...args, "--json"]);
  const doctor = doctorSchema.parse(JSON.parse(stdout));
  const check = (name: string) => doctor.checks.find((one) => one.name === name);
  return { status, stderr, doctor, check };
}

describe.skipIf(!canTrace)("kmemtap doctor local:, as root", () => {
  it("finds that this machine can be captured, and leaves it as it was", async () => {
    const before = abandoned();
    const { status, doctor, check, stderr } = await examined("local:");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(doctor).toMatchObject({
      target: "local:",
      mode: "raw",
      reason: expect.stringContaining("local") as string,
    });
    expect(doctor.headroom).toBeGreaterThan(0);
    expect(doctor.checks.filter((one) => one.status === "problem")).toEqual([]);
    for (const name of ["reach", "login", "root", "tracefs", "events", "instances", "clock"])
      expect(check(name)?.status, name).toBe("ok");
    expect(check("kernel")?.finding).toContain(execFileSync("uname", ["-r"], { encoding: "utf8" }).trim());
    const hasHist = existsSync("/sys/kernel/tracing/events/kmem/kmalloc/hist");
    expect(check("hist triggers")?.status).toBe(hasHist ? "ok" : "note");
    expect(check("buffer")?.finding).toMatch(/^\d+ kB a CPU hold [\d,]+ events; the target makes [\d,]+ a second now/);
    expect(abandoned().filter((name) => !before.includes(name))).toEqual([]);
  });

  it("prints a line a check with the remedy below, and a verdict", async () => {
    const { status, stdout } = await kmemtap(["doctor", "local:", "--buffer-kb", "64"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ok +root +the shell there is root's$/m);
    expect(stdout).toMatch(/^note +buffer +64 kB a CPU hold .*\n {10,}→ --buffer-kb \d+, or --on-overrun grow$/m);
    expect(stdout).toMatch(/\nlocal: can be captured \(mode raw\)\n$/);
  });

  it("finds what a killed agent left, and removes it with --clean", async () => {
    // No process has such a pid.
    const name = "kmemtap-4999999-kdoctor-p";
    const left = join(INSTANCES, name);
    const leave = () => mkdirSync(left, { recursive: true });
    leave();
    onTestFinished(() => {
      if (existsSync(left)) rmdirSync(left);
    });
    await eventually(leave, async () => {
      const { status, check } = await examined("local:");
      expect(status).toBe(0);
      expect(check("stale")).toMatchObject({
        status: "note",
        remedy: expect.stringContaining("--clean") as string,
      });
      expect(existsSync(left)).toBe(true);
    });
    await eventually(leave, async () => {
      const { check } = await examined("local:", "--clean");
      expect(check("stale")).toMatchObject({
        status: "ok",
        finding: expect.stringContaining(`removed ${name}`) as string,
      });
      expect(existsSync(left)).toBe(false);
    });
  }, 120_000);

  it("sees tracing that is in use", async () => {
    const other = join(INSTANCES, `doctor-test-${process.pid}`);
    mkdirSync(other);
    onTestFinished(() => rmdirSync(other));
    const { status, check } = await examined("local:");
    expect(status).toBe(0);
    expect(check("in use")).toMatchObject({
      status: "note",
      finding: expect.stringContaining(`doctor-test-${process.pid}`) as string,
    });
  });
});

// A tree below a home directory is not for others to read.
const nobodyCanRead = isRoot && asNobody("test", "-r", join(MAIN, "../../package.json")).status === 0;

describe.skipIf(!nobodyCanRead)("kmemtap doctor local:, as nobody", () => {
  it("finds that it is not root, and ends with 3", () => {
    const run = asNobody(process.execPath, MAIN, "doctor", "local:", "--json");
    expect(run.stderr).toBe("");
    const doctor = doctorSchema.parse(JSON.parse(run.stdout));
    expect(run.status).toBe(3);
    expect(doctor).toMatchObject({ mode: null, reason: null, headroom: null });
    expect(doctor.checks.filter(({ status }) => status === "problem")).toEqual([
      {
        name: "root",
        status: "problem",
        finding: expect.stringContaining("uid 65534") as string,
        remedy: expect.stringContaining("sudo") as string,
      },
    ]);
    expect(doctor.checks.some(({ name }) => name === "link")).toBe(true);
  });
});

describe("kmemtap doctor, where nothing answers", () => {
  it("takes a closed port for a finding", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const { status, doctor, stderr } = await examined(`tcp://127.0.0.1:${port}`);
    expect({ status, stderr }).toEqual({ status: 3, stderr: "" });
    expect(doctor).toMatchObject({ mode: null, headroom: null });
    expect(doctor.checks).toEqual([
      {
        name: "reach",
        status: "problem",
        finding: expect.stringContaining(`127.0.0.1:${port}`) as string,
        remedy: expect.stringMatching(/\S/) as string,
      },
    ]);
  });

  it("takes a device that is not there for a finding", async () => {
    const { status, check } = await examined("serial:///dev/ttyNONE?baud=9600");
    expect(status).toBe(3);
    expect(check("reach")).toMatchObject({ status: "problem", finding: expect.stringContaining("ttyNONE") as string });
  });

  it.each([
    ["no target", ["doctor"], 2],
    ["a kind of target that is not there", ["doctor", "telnet://board"], 2],
    ["a buffer that is no number", ["doctor", "local:", "--buffer-kb", "lots"], 2],
  ])("refuses %s", async (_, args, code) => {
    const { status, stdout, stderr } = await kmemtap(args);
    expect({ status, stdout }).toEqual({ status: code, stdout: "" });
    expect(stderr).toMatch(/\S/);
  });
});

describe("kmemtap doctor, of files", () => {
  it("sees a file that grows and holds a trace", async () => {
    const path = join(tempDir(), "serial.log");
    writeFileSync(path, `${ALLOC_LINE}\n`.repeat(10));
    const writer = setInterval(() => appendFileSync(path, `${ALLOC_LINE}\n`), 100);
    onTestFinished(() => clearInterval(writer));
    const { status, doctor, check } = await examined(`file://${path}`);
    expect(status).toBe(0);
    expect(doctor.mode).toBe("text");
    expect(check("grows")?.status).toBe("ok");
    expect(check("trace")).toMatchObject({
      status: "ok",
      finding: expect.stringMatching(/^\d+ kmem events/) as string,
    });
    expect(check("arming")).toMatchObject({ status: "note", remedy: expect.stringContaining("SSH") as string });
  });

  it("sees a file that holds no trace, does not grow, or is not there yet", async () => {
    const path = join(tempDir(), "serial.log");
    const absent = await examined(`file://${path}`);
    expect(absent).toMatchObject({ status: 0 });
    expect(absent.check("reach")).toMatchObject({
      status: "note",
      finding: expect.stringContaining("not there yet") as string,
    });
    writeFileSync(path, "[    0.000000] Linux version 6.1\n");
    const { status, check } = await examined(`file://${path}`);
    expect(status).toBe(0);
    expect(check("grows")?.status).toBe("note");
    expect(check("trace")?.status).toBe("note");
  });

  it("wants a recording to be there and to be one", async () => {
    const path = join(tempDir(), "boot.trace");
    expect(await examined(`replay://${path}`)).toMatchObject({ status: 3 });
    writeFileSync(path, "nothing\n");
    const other = await examined(`replay://${path}`);
    expect(other.status).toBe(3);
    expect(other.check("trace")?.status).toBe("problem");
    writeFileSync(path, `${ALLOC_LINE}\n`);
    const good = await examined(`replay://${path}`);
    expect(good.status).toBe(0);
    expect(good.check("trace")?.finding).toContain("1 kmem event");
  });

  it("does not take a directory for a file", async () => {
    const { status, check } = await examined(`file://${tempDir()}`);
    expect(status).toBe(3);
    expect(check("reach")?.status).toBe("problem");
  });
});
