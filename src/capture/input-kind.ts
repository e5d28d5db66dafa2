/** What a recorded file is, by its first bytes. */
import { TRACE_DAT_MAGIC } from "../ftrace/trace-dat/dat-file.ts";

export type InputKind = "text" | "trace.dat" | "perf.data";

/** tools/perf/util/header.c: version 2 in either byte order, and version 1. */
const PERF_MAGICS = ["PERFILE2", "2ELIFREP", "PERFFILE"].map((magic) => Buffer.from(magic));
const MAGICS: readonly { readonly kind: InputKind; readonly magic: Uint8Array }[] = [
  { kind: "trace.dat", magic: TRACE_DAT_MAGIC },
  ...PERF_MAGICS.map((magic) => ({ kind: "perf.data" as const, magic })),
];
const LONGEST = Math.max(...MAGICS.map(({ magic }) => magic.length));

/** Looks at the beginning; the chunks that come back are all of them. A chunk is valid until the next one is asked for. */
export async function inputKind(
  input: AsyncIterable<Uint8Array>,
): Promise<{ readonly kind: InputKind; readonly chunks: AsyncGenerator<Uint8Array> }> {
  const iterator = input[Symbol.asyncIterator]();
  let beginning: Uint8Array = new Uint8Array(0);
  // A pipe may deliver a single byte first.
  while (beginning.length < LONGEST) {
    const next = await iterator.next();
    if (next.done === true) break;
    beginning = beginning.length === 0 ? next.value : Buffer.concat([beginning, next.value]);
    if (beginning.length < LONGEST) beginning = Uint8Array.from(beginning);
  }
  const known = MAGICS.find(({ magic }) => Buffer.compare(beginning.subarray(0, magic.length), magic) === 0);
  const chunks = after(beginning, iterator);
  const finish = chunks.return.bind(chunks);
  // A generator that was asked for nothing yet runs no `finally`, and the input would stay open.
  chunks.return = async (value) => {
    await iterator.return?.();
    return finish(value);
  };
  return { kind: known?.kind ?? "text", chunks };
}

async function* after(beginning: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (beginning.length > 0) yield beginning;
    for (;;) {
      const next = await rest.next();
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}
