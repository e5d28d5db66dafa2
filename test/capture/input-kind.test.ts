import { expect, it } from "vitest";
import { inputKind } from "../../src/capture/input-kind.ts";

/** An input that says when it was closed. */
function input(text: string) {
  const seen = { closed: false };
  async function* chunks() {
    try {
      yield await Promise.resolve(Buffer.from(text));
      yield Buffer.from(text);
    } finally {
      seen.closed = true;
    }
  }
  return { seen, chunks: chunks() };
}

it("closes an input of which only the kind was asked for", async () => {
  const { seen, chunks } = input("PERFILE2 and more");
  const { kind, chunks: rest } = await inputKind(chunks);
  expect(kind).toBe("perf.data");
  expect(seen.closed).toBe(false);
  await rest.return(undefined);
  expect(seen.closed).toBe(true);
});

it("gives back all that it has looked at", async () => {
  const { seen, chunks } = input("# tracer: nop\n");
  const { kind, chunks: rest } = await inputKind(chunks);
  expect(kind).toBe("text");
  const read: Uint8Array[] = [];
  for await (const chunk of rest) read.push(Uint8Array.from(chunk));
  expect(Buffer.concat(read).toString()).toBe("# tracer: nop\n".repeat(2));
  expect(seen.closed).toBe(true);
});
