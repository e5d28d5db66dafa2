/**
 * The little of tracefs a capture needs: a private instance that is gone afterwards, and its text.
 *
 * Everything is synchronous on purpose: the clean-up must also run from an `exit` handler, where nothing can be awaited.
 */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { endianness, release } from "node:os";
import { join } from "node:path";
import { layOutDat } from "../../build/ftrace/trace-dat/write-dat.js";

const TRACEFS = "/sys/kernel/tracing";
/** Of a sub-buffer, unless buffer_subbuf_size_kb says otherwise. */
const PAGE_BYTES = 4096;
const INSTANCE_PREFIX = "kmemtap-bench-";

/** All names any kernel had for slab events; the `_node` pair was merged into the plain ones in 6.1. */
export const KMEM_EVENTS = [
  "kmalloc",
  "kmalloc_node",
  "kmem_cache_alloc",
  "kmem_cache_alloc_node",
  "kfree",
  "kmem_cache_free",
];

/**
 * Mounts tracefs if it is not.
 * @returns {{ ok: boolean, mounted: boolean, reason?: string }} `mounted`: we did it, so we must undo it.
 */
export function mountTracefs() {
  if (process.getuid?.() !== 0) return { ok: false, mounted: false, reason: "not root" };
  if (existsSync(join(TRACEFS, "events/kmem"))) return { ok: true, mounted: false };
  const mount = spawnSync("mount", ["-t", "tracefs", "nodev", TRACEFS], { encoding: "utf8" });
  if (mount.status !== 0) return { ok: false, mounted: false, reason: `mount: ${mount.stderr?.trim() || mount.error}` };
  if (existsSync(join(TRACEFS, "events/kmem"))) return { ok: true, mounted: true };
  unmountTracefs();
  return { ok: false, mounted: false, reason: "this kernel has no kmem events" };
}

/** What tasks are called, by their pids, as far as the kernel kept it: one list for all instances. @returns {Map<number, string>} */
function taskNames() {
  const lines = readFileSync(join(TRACEFS, "saved_cmdlines"), "latin1").matchAll(/^(\d+) (.*)$/gm);
  return new Map(Array.from(lines, ([, pid, name]) => [Number(pid), name]));
}

/** Undoes mountTracefs(), unless somebody began to use the mount meanwhile. @returns {boolean} whether it is unmounted */
export function unmountTracefs() {
  const others = existsSync(join(TRACEFS, "instances")) ? readdirSync(join(TRACEFS, "instances")) : [];
  return others.length === 0 && spawnSync("umount", [TRACEFS]).status === 0;
}

/** Removes what a killed benchmark (SIGKILL runs no handler) left behind: its buffer is hundreds of MiB. */
export function removeStaleInstances() {
  for (const name of readdirSync(join(TRACEFS, "instances"))) {
    if (!name.startsWith(INSTANCE_PREFIX)) continue;
    if (existsSync(`/proc/${name.slice(INSTANCE_PREFIX.length)}`)) continue;
    writeFileSync(join(TRACEFS, "instances", name, "tracing_on"), "0");
    rmdirSync(join(TRACEFS, "instances", name));
  }
}

/** A trace instance of this process, armed for the kmem events but not yet recording. */
export class TraceInstance {
  #path = join(TRACEFS, "instances", `${INSTANCE_PREFIX}${process.pid}`);

  /**
   * @param {{ bufferKb: number, realPointers: boolean }} options `bufferKb` is per CPU, as in tracefs
   */
  constructor({ bufferKb, realPointers }) {
    mkdirSync(this.#path);
    try {
      this.#write("tracing_on", "0");
      // The per-CPU clocks of the default (`local`) may disagree; text is merged by time, so order needs one clock.
      this.#write("trace_clock", "global");
      this.#write("buffer_size_kb", String(bufferKb));
      // Hashed pointers are the kernel's default and what a user captures.
      if (realPointers) this.#write("trace_options", "nohash-ptr");
      this.events = KMEM_EVENTS.filter((event) => existsSync(join(this.#path, "events/kmem", event)));
      for (const event of this.events) this.#write(`events/kmem/${event}/enable`, "1");
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  start() {
    this.#write("tracing_on", "1");
  }

  stop() {
    this.#write("tracing_on", "0");
  }

  /** Sums of the per-CPU `stats`. Anything but zero overrun and dropped means that the text is not complete. */
  stats() {
    const sums = { entries: 0, overrun: 0, dropped: 0 };
    for (const cpu of readdirSync(join(this.#path, "per_cpu"))) {
      const text = readFileSync(join(this.#path, "per_cpu", cpu, "stats"), "utf8");
      const figure = (name) => Number(new RegExp(`^${name}: (\\d+)`, "m").exec(text)?.[1] ?? 0);
      sums.entries += figure("entries");
      sums.overrun += figure("overrun") + figure("commit overrun");
      sums.dropped += figure("dropped events");
    }
    return sums;
  }

  /**
   * Copies the recorded text to a file: from `trace`, which leaves the ring buffers as they are.
   *
   * One read gives at most 8 KB, hence the gathering into a large buffer.
   * @param {string} file
   * @returns {{ bytes: number, lines: number }}
   */
  readText(file) {
    const pipe = openSync(join(this.#path, "trace"), constants.O_RDONLY);
    const out = openSync(file, "w");
    const buffer = Buffer.allocUnsafe(1 << 20);
    let bytes = 0;
    let lines = 0;
    try {
      for (let filled = 0, more = true; more; filled = 0) {
        while (filled < buffer.length - 8192) {
          const got = readOrNothing(pipe, buffer, filled);
          if (got === 0) {
            more = false;
            break;
          }
          filled += got;
        }
        const text = buffer.subarray(0, filled);
        for (let at = text.indexOf(10); at >= 0; at = text.indexOf(10, at + 1)) lines++;
        writeSync(out, text);
        bytes += filled;
      }
    } finally {
      closeSync(pipe);
      closeSync(out);
    }
    return { bytes, lines };
  }

  /**
   * Moves the ring buffers to a trace.dat, page by page: the same events as {@link readText}'s.
   * @param {string} file
   * @returns {{ bytes: number }}
   */
  drainDat(file) {
    const read = (name) => readFileSync(join(this.#path, name), "utf8");
    const cpus = readdirSync(join(this.#path, "per_cpu"));
    const pages = cpus.map(() => []);
    for (const cpu of cpus) {
      const raw = openSync(
        join(this.#path, "per_cpu", cpu, "trace_pipe_raw"),
        constants.O_RDONLY | constants.O_NONBLOCK,
      );
      for (;;) {
        const page = Buffer.alloc(PAGE_BYTES);
        if (readOrNothing(raw, page, 0) === 0) break;
        pages[Number(cpu.slice("cpu".length))].push(page);
      }
      closeSync(raw);
    }
    const { head, offsets } = layOutDat({
      littleEndian: endianness() === "LE",
      longSize: 8,
      pageBytes: PAGE_BYTES,
      headerPage: read("events/header_page"),
      headerEvent: read("events/header_event"),
      formats: this.events.map((event) => read(`events/kmem/${event}/format`)),
      kallsyms: readFileSync("/proc/kallsyms", "utf8"),
      taskNames: taskNames(),
      release: release(),
      cpuBytes: pages.map((ofCpu) => ofCpu.length * PAGE_BYTES),
    });
    const out = openSync(file, "w");
    writeSync(out, head);
    for (const [cpu, ofCpu] of pages.entries())
      for (const [i, page] of ofCpu.entries()) writeSync(out, page, 0, PAGE_BYTES, offsets[cpu] + i * PAGE_BYTES);
    closeSync(out);
    return { bytes: statSync(file).size };
  }

  /** Safe to call twice. EBUSY is impossible once its readers are closed. */
  remove() {
    if (!existsSync(this.#path)) return;
    this.stop();
    rmdirSync(this.#path);
  }

  #write(name, value) {
    writeFileSync(join(this.#path, name), value);
  }
}

function readOrNothing(fd, buffer, offset) {
  try {
    return readSync(fd, buffer, offset, buffer.length - offset, null);
  } catch (error) {
    if (error.code === "EAGAIN") return 0;
    throw error;
  }
}
