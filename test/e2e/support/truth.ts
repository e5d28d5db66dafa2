/**
 * The guest's own full trace of a window, in a trace instance of its own, with buffers that lose nothing: what an account
 * taken by kmemtap is held against. All commands are POSIX sh, for any shell in the guest.
 */
import { readFile, stat } from "node:fs/promises";
import { until } from "../../support/until.ts";

/** Runs a command in the guest; what it printed. Throws where its status is not 0. */
export type RunInGuest = (command: string) => Promise<string>;

const TRACING = "/sys/kernel/tracing";
const INSTANCE = `${TRACING}/instances/truth`;
const EVENTS = "kmalloc kmalloc_node kmem_cache_alloc kmem_cache_alloc_node kfree kmem_cache_free";

/** Makes the instance, armed and recording from the last command on. 48 MB a CPU hold about 0.7 million events. */
export function startTruth(bufferKb = 49152, instance = INSTANCE): string {
  return [
    `mkdir ${instance}`,
    `cd ${instance}`,
    "echo 0 >tracing_on",
    "echo global >trace_clock",
    `echo ${bufferKb} >buffer_size_kb`,
    `for e in ${EVENTS}; do [ ! -d events/kmem/$e ] || echo 1 >events/kmem/$e/enable; done`,
    "cd /",
    `echo 1 >${instance}/tracing_on`,
  ].join(" && ");
}

/**
 * Leaves out what another instance leaves out, by the same filters on events and, with what they fork, by the same pids: the truth
 * of what that one was to see. Twice, since a task may fork between the reading and the writing: what it forks later, this
 * instance follows itself.
 */
export function sharePids(instance: string, truth = INSTANCE): string {
  const from = `${TRACING}/instances/${instance}`;
  const events = ["kmalloc", "kmalloc_node", "kmem_cache_alloc", "kmem_cache_alloc_node", "kfree", "kmem_cache_free"];
  const filters = events.map(
    (event) =>
      `e=events/kmem/${event}/filter; ! grep -q common_ ${from}/$e 2>/dev/null || cat ${from}/$e >${truth}/$e`,
  );
  const pids = `cat ${from}/set_event_notrace_pid >${truth}/set_event_notrace_pid`;
  return `echo 1 >${truth}/options/event-fork && { ${filters.join("; ")}; } && ${pids} && ${pids}`;
}

const GATE_FILES = ["sched_process_exec", "sched_process_exit"];

/**
 * The commands that make the instance, to record from when the hist triggers of another instance are enabled until they are
 * disabled: by the same event, on the same condition.
 */
export async function startTruthWith(run: RunInGuest, instance: string, bufferKb?: number): Promise<string> {
  const file = (of: string, event: string) => `${of}/events/sched/${event}/trigger`;
  const conditions = await Promise.all(
    GATE_FILES.map(async (event) => {
      const said = await run(`cat ${file(`${TRACING}/instances/${instance}`, event)}`);
      return / if (.*)$/m.exec(said)?.[1] ?? "";
    }),
  );
  const commands = GATE_FILES.map((event, i) => {
    const what = i === 0 ? "traceon" : "traceoff";
    return `printf '%s\n' '${what} if ${conditions[i]}' >>${file(INSTANCE, event)}`;
  });
  return [startTruth(bufferKb), STOP_TRUTH, `echo >${INSTANCE}/trace`, ...commands].join(" && ");
}

/** Takes the triggers of {@link startTruthWith} away. */
export const END_TRUTH_WITH = [
  `echo '!traceon' >>${INSTANCE}/events/sched/sched_process_exec/trigger`,
  `echo '!traceoff' >>${INSTANCE}/events/sched/sched_process_exit/trigger`,
].join("; ");

/** Ends the recording; symbols of modules that are unloaded later keep their names only where the text was read before. */
export const STOP_TRUTH = `echo 0 >${INSTANCE}/tracing_on`;

/** Takes the instance away, and with it all of its settings. */
export const REMOVE_TRUTH = `echo 0 >${INSTANCE}/tracing_on && echo 0 >${INSTANCE}/events/enable && rmdir ${INSTANCE}`;

/**
 * Ends the recording and brings its text out by a line that ends in a file here: a virtio port carries 20 MB in seconds.
 * The line may have been used before.
 */
export async function takeTruth(
  run: RunInGuest,
  line: { readonly path: string; readonly guestDevice: string },
): Promise<string> {
  const size = async () => (await stat(line.path)).size;
  await run(STOP_TRUTH);
  const from = await size();
  // Counted there: QEMU may have some of it still to write.
  const said = await run(`dd if=${INSTANCE}/trace bs=65536 2>/dev/null | tee ${line.guestDevice} | wc -c`);
  const bytes = Number(said.trim());
  if (!(bytes > 0)) throw new Error(`the guest sent no truth: ${said}`);
  let written = await size();
  await until(
    `${bytes} bytes of the truth`,
    () => {
      void size().then((now) => (written = now));
      return written - from >= bytes;
    },
    60_000,
  );
  const text = (await readFile(line.path)).subarray(from, from + bytes).toString("latin1");
  const header = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+)/m.exec(text);
  if (header === null || header[1] !== header[2]) throw new Error(`the truth itself lost events: ${header?.[0]}`);
  return text;
}

/**
 * Prints every setting of tracefs that can be read without a side effect, `path:content`, so that two readings can be
 * compared: reading `trace_pipe` takes events away, and closing `free_buffer` empties the buffer.
 */
export const TRACEFS_STATE = [
  `cd ${TRACING}`,
  [
    "{ grep -H '' current_tracer trace_clock trace_options tracing_on tracing_cpumask tracing_thresh",
    "buffer_size_kb buffer_percent buffer_subbuf_size_kb saved_cmdlines_size max_graph_depth",
    "set_event set_event_pid set_event_notrace_pid set_ftrace_pid set_ftrace_notrace_pid set_ftrace_filter set_ftrace_notrace",
    "synthetic_events dynamic_events kprobe_events uprobe_events options/*",
    "events/enable events/*/enable events/kmem/*/enable events/*/filter events/kmem/*/filter events/*/*/trigger",
    "/proc/sys/kernel/kptr_restrict /proc/sys/kernel/printk /proc/sys/kernel/ftrace_enabled",
    "/proc/sys/kernel/tracepoint_printk /proc/sys/kernel/ftrace_dump_on_oops /proc/sys/kernel/traceoff_on_warning",
    "2>/dev/null | grep -v ':#'",
  ].join(" "),
  "for i in instances/*; do echo $i; done; }",
].join("; ");

/**
 * Making a first instance on 6.1 and before takes the note away from the top level's size (kernel/trace/trace.c,
 * tracing_update_buffers): the size itself is the same.
 */
const EXPANDED = / \(expanded: \d+\)$/;

/** The lines in which two readings differ, `-` before and `+` after; none where the settings are as they were. */
export function stateChanges(before: string, after: string): string[] {
  const lines = (text: string) =>
    new Set(
      text
        .split(/\r?\n/)
        .filter((line) => line !== "")
        .map((line) => line.replace(EXPANDED, "")),
    );
  const [old, now] = [lines(before), lines(after)];
  return [
    ...[...old].filter((line) => !now.has(line)).map((line) => `- ${line}`),
    ...[...now].filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ];
}
