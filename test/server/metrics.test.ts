/** `/metrics`: what promtool says of it, what it adds up to, and what a real Prometheus makes of a live kmemtap. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { Subject } from "rxjs";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { LiveUpdate } from "../../src/capture/live-update.ts";
import { metricsOf } from "../../src/server/metrics.ts";
import { TargetRegistry } from "../../src/server/registry.ts";
import { ensureBuilt } from "../support/kmemtap.ts";
import { allocation, cpuStats, updateOf } from "../support/live-update.ts";
import { startServing } from "../support/start-serving.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ALLOC_LINE } from "../support/trace-text.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const missing = ["prometheus", "promtool"].filter((program) => spawnSync(program, ["--version"]).status !== 0);
const note = missing.length > 0 ? ` (missing: ${missing.join(", ")})` : "";

function registryWith(update: LiveUpdate, id = "board"): TargetRegistry {
  const registry = new TargetRegistry();
  const updates = new Subject<LiveUpdate>();
  registry.add({ id, label: "serial:///dev/x", updates });
  updates.next(update);
  return registry;
}

const ALLOCATIONS = [
  ...[1, 2, 3].map((ptr) => allocation("big+0x1/0x2", ptr)),
  ...[4, 5].map((ptr) => allocation("middle+0x1/0x2", ptr)),
  // Two that read alike.
  allocation("small+0x1/0x2", 6),
  allocation("small+0x1/0x9", 7),
  allocation("least+0x1/0x2", 8),
];
const textOf = (registry: TargetRegistry, topCallers: number) => metricsOf(registry.hubs, { topCallers }).metrics();
/** Values by name and labels. */
const samples = (text: string) =>
  new Map(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  );

describe("the series", () => {
  it("are bounded: the largest callers and the rest, which add up to the total", async () => {
    const update = updateOf(ALLOCATIONS);
    for (const top of [0, 1, 2, 3, 20]) {
      const found = samples(await textOf(registryWith(update), top));
      const callers = [...found].filter(([name]) => name.startsWith("kmemtap_caller_net_bytes"));
      expect(callers.length).toBe(Math.min(top, 4) + 1);
      expect(callers.reduce((sum, [, bytes]) => sum + bytes, 0)).toBe(found.get('kmemtap_net_bytes{target="board"}'));
      expect(callers.some(([name]) => name.includes('caller="other"'))).toBe(true);
    }
    expect(/caller="small\+0x1"\} \d+/.exec(await textOf(registryWith(update), 3))?.[0]).toBe(
      'caller="small+0x1"} 128',
    );
  });

  it("say state, link, exactness, loss and buffers", async () => {
    const update = updateOf(ALLOCATIONS, {
      target: { cpus: [cpuStats(0), cpuStats(1, { fill: 0.9, secondsToOverrun: 3 })] },
    });
    const found = samples(await textOf(registryWith({ ...update, snapshot: { ...update.snapshot, exact: false } }), 1));
    expect(Object.fromEntries(found)).toMatchObject({
      'kmemtap_target_state{target="board",state="running"}': 1,
      'kmemtap_target_state{target="board",state="failed"}': 0,
      'kmemtap_link_state{target="board",state="streaming"}': 1,
      'kmemtap_account_exact{target="board"}': 0,
      'kmemtap_buffer_fill_ratio{target="board",cpu="1"}': 0.9,
      'kmemtap_buffer_time_to_overrun_seconds{target="board",cpu="1"}': 3,
      'kmemtap_allocations_total{target="board"}': 8,
    });
    expect(found.has('kmemtap_buffer_time_to_overrun_seconds{target="board",cpu="0"}')).toBe(false);
  });

  it("of sums begin with what comes of the target: zeros of nothing would read as an account", async () => {
    const found = samples(await textOf(registryWith({ ...updateOf([]), began: false }), 1));
    expect(found.get('kmemtap_target_state{target="board",state="starting"}')).toBe(1);
    expect([...found.keys()].filter((name) => /^kmemtap_(?!build|target_state|link_state)/.test(name))).toEqual([]);
  });

  it("of mode hist leave out the events that do not arrive", async () => {
    const found = samples(await textOf(registryWith(updateOf(ALLOCATIONS, { target: { mode: "hist" } })), 1));
    expect(found.get('kmemtap_allocations_total{target="board"}')).toBe(8);
    expect(found.has('kmemtap_events_total{target="board"}')).toBe(false);
  });

  it("are escaped where a target is named as a label would end", async () => {
    const text = await textOf(registryWith(updateOf([allocation('a"}\n+0x1/0x2', 1)])), 5);
    expect(text).toContain('caller="a\\"}\\\\u{a}+0x1"');
  });
});

describe.skipIf(missing.length > 0)(`Prometheus${note}`, () => {
  beforeAll(ensureBuilt, 120_000);

  it("finds no fault with the form, the alerts, or their tests", async () => {
    const update = updateOf(ALLOCATIONS, { target: { cpus: [cpuStats(0, { secondsToOverrun: 3 })] } });
    expect(faultsOf(await textOf(registryWith(update), 2))).toBe("");
    const cwd = join(ROOT, "contrib/prometheus");
    for (const args of [
      ["check", "rules", "alerts.yml"],
      ["test", "rules", "alerts.test.yml"],
    ])
      expect(spawnSync("promtool", args, { cwd, encoding: "utf8" })).toMatchObject({ status: 0 });
  });

  it("has each metric that alerts and dashboard ask for", async () => {
    const update = updateOf(ALLOCATIONS, { target: { cpus: [cpuStats(0, { secondsToOverrun: 3 })] } });
    const names = new Set([...samples(await textOf(registryWith(update), 2)).keys()].map((name) => name.split("{")[0]));
    for (const file of ["prometheus/alerts.yml", "grafana/kmemtap.json"]) {
      const asked = readFileSync(join(ROOT, "contrib", file), "utf8").match(/kmemtap_\w+/g) ?? [];
      expect(asked.length).toBeGreaterThan(4);
      expect([...new Set(asked)].filter((name) => !names.has(name))).toEqual([]);
    }
    const { panels } = JSON.parse(readFileSync(join(ROOT, "contrib/grafana/kmemtap.json"), "utf8")) as {
      panels: unknown[];
    };
    expect(panels.length).toBeGreaterThan(5);
  });

  it("scrapes a live kmemtap", async () => {
    const dir = tempDir();
    const log = join(dir, "serial.log");
    writeFileSync(log, `${ALLOC_LINE}\n`);
    const live = await startServing(["live", `file://${log}`]);
    onTestFinished(() => void live.child.kill("SIGKILL"));
    const address = new URL(live.url).host;
    // With what it says of its own process.
    const text = await (await fetch(`${live.url}/metrics`)).text();
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(faultsOf(text)).toBe("");
    const port = await freePort();
    writeFileSync(
      join(dir, "prometheus.yml"),
      `global: { scrape_interval: 1s }\nrule_files: [${join(ROOT, "contrib/prometheus/alerts.yml")}]\n` +
        `scrape_configs: [{ job_name: kmemtap, static_configs: [{ targets: ["${address}"] }] }]\n`,
    );
    const server = spawn(
      "prometheus",
      [
        `--config.file=${dir}/prometheus.yml`,
        `--storage.tsdb.path=${dir}/data`,
        `--web.listen-address=127.0.0.1:${String(port)}`,
      ],
      { stdio: "ignore" },
    );
    onTestFinished(async () => {
      const ended = once(server, "exit");
      server.kill("SIGKILL");
      await ended;
    });
    const value = async (query: string) => {
      const url = `http://127.0.0.1:${String(port)}/api/v1/query?query=${encodeURIComponent(query)}`;
      const answer = await fetch(url).then(
        // While it begins it says that it is not there yet, in words.
        (response) =>
          response.ok ? (response.json() as Promise<{ data: { result: { value: [number, string] }[] } }>) : undefined,
        () => undefined,
      );
      return answer?.data.result[0]?.value[1];
    };
    await comes(() => value('kmemtap_caller_net_bytes{caller="tty_open+0x58"}'), "4096");
    appendFileSync(log, `${ALLOC_LINE.replace("c64b90b6", "c64b90b7")}\n`);
    await comes(() => value("kmemtap_net_bytes"), "8192");
    expect(await value("sum(kmemtap_caller_net_bytes) - sum(kmemtap_net_bytes)")).toBe("0");
    expect(await value("up")).toBe("1");
  }, 60_000);
});

/** What Prometheus' own tool says of metrics, where it says anything. */
function faultsOf(input: string): string {
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input, encoding: "utf8" });
  return status === 0 ? "" : stdout + stderr;
}

async function comes(ask: () => Promise<string | undefined>, wanted: string): Promise<void> {
  let found: string | undefined;
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 200))) {
    found = await ask();
    if (found === wanted) return;
  }
  expect(found).toBe(wanted);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
