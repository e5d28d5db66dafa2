/**
 * What the guest's /init says on its console: lines `@kmemtap key=value …` among the kernel's log.
 *
 *     @kmemtap now=12.345678 waiting=48211 overrun=0
 *     @kmemtap milestone=boot finished
 */
import type { TargetReport } from "../../model/ports.ts";

const MARK = "@kmemtap ";

/** The report in a console line; undefined where there is none. Fields that do not read are left out. */
export function parseGuestReport(line: string): TargetReport | undefined {
  const at = line.indexOf(MARK);
  if (at < 0) return undefined;
  const text = line.slice(at + MARK.length).trim();
  // A milestone is free text to the end of the line.
  if (text.startsWith("milestone=")) return { milestone: text.slice("milestone=".length) };
  const fields = new Map(
    text.split(" ").map((field) => [field.slice(0, field.indexOf("=")), field.slice(field.indexOf("=") + 1)] as const),
  );
  const now = matched(fields.get("now"), /^\d{1,12}(\.\d+)?$/);
  const waitingEvents = matched(fields.get("waiting"), /^\d{1,15}$/);
  const overrun = matched(fields.get("overrun"), /^\d{1,15}$/);
  return {
    ...(now === undefined ? {} : { nowNs: now * 1e9 }),
    ...(waitingEvents === undefined ? {} : { waitingEvents }),
    ...(overrun === undefined ? {} : { overrun }),
  };
}

/** The number that a field is, if it has the form: a console may cut it anywhere. */
function matched(text: string | undefined, form: RegExp): number | undefined {
  return text !== undefined && form.test(text) ? Number(text) : undefined;
}

/** Lines of a stream of bytes; the last one may lack its end. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield line.replace(/\r+$/, "");
  }
  if (rest !== "") yield rest.replace(/\r+$/, "");
}
