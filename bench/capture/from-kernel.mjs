/**
 * A capture of this machine's own kernel: ftrace text, the same as trace.dat, and perf.data of one workload window.
 *
 * Nothing has to keep up: the ring buffers hold the whole window, and are read when it is over. The statistics must then
 * say that nothing was overrun; a capture that lost events is refused, for every tool would count something else.
 */
import { rmSync } from "node:fs";
import { freemem, release } from "node:os";
import { join } from "node:path";
import { mountTracefs, removeStaleInstances, TraceInstance, unmountTracefs } from "./tracefs.mjs";
import { perfDataFacts, perfVersion, startPerfRecord } from "./perf-record.mjs";
import { runWorkload } from "./run-workload.mjs";

/**
 * @param {string} directory existing; trace.txt and, where perf is installed, perf.data are written there
 * @param {{ scale: number, realPointers: boolean, say: (message: string) => void }} options
 * @returns {Promise<{ facts?: object, reason?: string }>} `reason`: why this machine cannot be captured
 */
export async function captureKernel(directory, { scale, realPointers, say }) {
  const tracefs = mountTracefs();
  if (!tracefs.ok) return { reason: tracefs.reason };
  if (tracefs.mounted) say("mounted tracefs on /sys/kernel/tracing; it is unmounted at the end");

  let instance;
  let perf;
  const cleanUp = () => {
    perf?.kill();
    instance?.remove();
    instance = undefined;
    if (tracefs.mounted && !unmountTracefs()) say("tracefs stays mounted: somebody else uses it now");
    tracefs.mounted = false;
  };
  // Ctrl-C and thrown errors must not leave a buffer of hundreds of MiB in the kernel.
  const onSignal = () => process.exit(130);
  process.once("exit", cleanUp).once("SIGINT", onSignal).once("SIGTERM", onSignal);

  try {
    removeStaleInstances();
    const ringMb = ringMbPerCpu();
    instance = new TraceInstance({ bufferKb: ringMb * 512, realPointers });
    const perfFile = join(directory, "perf.data");
    rmSync(perfFile, { force: true });
    perf = await armPerf({ events: instance.events, file: perfFile, ringMb }, say);

    instance.start();
    const workload = await runWorkload(scale);
    instance.stop();
    const stats = instance.stats();
    await perf?.disable();
    await workload.release();
    const perfMessages = await perf?.finish();
    const hasPerf = perf !== undefined;
    perf = undefined;

    if (stats.overrun + stats.dropped > 0) {
      throw new Error(`the ring buffer lost events (${JSON.stringify(stats)}): use a smaller --scale`);
    }
    say(`reading ${stats.entries.toLocaleString("en")} events as text…`);
    const text = instance.readText(join(directory, "trace.txt"));
    const dat = instance.drainDat(join(directory, "trace.dat"));
    return {
      facts: {
        source: "kernel",
        kernel: release(),
        taken: new Date().toISOString(),
        options: {
          scale,
          pointers: realPointers ? "real" : "hashed",
          clock: "global",
          events: instance.events,
          ringMb,
        },
        trace: { ...text, ...stats },
        dat,
        perf: hasPerf ? { version: perfVersion(), ...perfDataFacts(perfFile), messages: perfMessages } : null,
      },
    };
  } finally {
    cleanUp();
    process.off("exit", cleanUp).off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

/** A recording that runs, or nothing: the text is worth having without perf. */
async function armPerf(options, say) {
  if (perfVersion() === null) {
    say("perf is not installed: there will be no perf.data");
    return undefined;
  }
  const perf = startPerfRecord(options);
  try {
    await perf.enable();
    return perf;
  } catch (error) {
    perf.kill();
    say(`perf cannot record here, there will be no perf.data: ${error.message}`);
    return undefined;
  }
}

/** perf's ring per CPU, a power of two; a perf sample is over twice a ftrace event, hence ftrace's buffer is half of it. */
function ringMbPerCpu() {
  const room = freemem() / 8 / (1 << 20);
  return Math.min(1024, 2 ** Math.floor(Math.log2(room)));
}
