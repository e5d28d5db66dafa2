/** What a recording turns out not to be, each with what to do. */
import { KmemtapError } from "../model/errors.ts";

export function empty(label: string): KmemtapError {
  return new KmemtapError("input/empty", `${label} is empty`, {
    nextStep: "record a trace first: kmemtap demo, or `cat trace > FILE`",
  });
}

export function consoleAmongTraces(label: string): KmemtapError {
  return new KmemtapError("input/not-a-trace", `${label} holds tp_printk lines of a console, not a trace`, {
    nextStep: `join it with the trace of the same boot: --console ${label}`,
  });
}

export function perfData(label: string): KmemtapError {
  return new KmemtapError("input/not-a-trace", `${label} is a perf.data file, which kmemtap does not read`, {
    nextStep:
      "record with trace-cmd instead: trace-cmd record -e kmem --compression none, then kmemtap report trace.dat",
  });
}

export function notATrace(label: string): KmemtapError {
  return new KmemtapError("input/not-a-trace", `${label} is not a kernel trace`, {
    nextStep: "give the text of /sys/kernel/tracing/trace or trace_pipe, or a trace.dat, with kmem events",
  });
}
