/** `kmemtap snapshot URL --from --to`: what changed between two moments in a running kmemtap, once. */
import { ExitCode } from "../../model/errors.ts";
import { printable } from "../../model/printable.ts";
import type { OrderBy } from "../../report/order.ts";
import { formatWindow } from "../../report/window-table.ts";
import { usage } from "../arm-options.ts";
import type { SnapshotCommandOptions } from "../run-snapshot.ts";
import { say } from "../say.ts";
import { writeOutput } from "../write-output.ts";
import { checkServed } from "./check-served.ts";
import { type DumpOptions, isServer } from "./dump-options.ts";
import { Server } from "./served.ts";
import type { ServerOptions } from "./server-moments.ts";

export interface WindowPrintOptions extends DumpOptions, SnapshotCommandOptions, ServerOptions {
  readonly from?: string;
  readonly to?: string;
}

/** By the server's files' endings; the callers' table is made here, of the same answer as json. */
const ENDINGS: Readonly<Record<string, string>> = {
  json: "json",
  callers: "json",
  csv: "csv",
  svg: "svg",
  png: "png",
  pprof: "pb.gz",
};
/** What a window knows of a caller, as the server calls it. */
const ORDERS: Readonly<Partial<Record<OrderBy, string>>> = {
  current_dynamic: "netBytes",
  total_dynamic: "totalBytes",
  alloc_count: "allocs",
  free_count: "frees",
};
const GOES_ON = [
  ["every", "--every"],
  ["when", "--when"],
  ["atOverrun", "--at-overrun"],
  ["onSignal", "--on-signal"],
] as const;
const KNOWN = ["from", "to", "format", "json", "output", "orderBy", "strict", "tokenFile", "config"];

/** @throws {KmemtapError} `cli/usage` for what is no window, or what a window cannot give; what the server refuses, in its words */
export async function printWindow(target: string, options: WindowPrintOptions): Promise<ExitCode> {
  const { output = "-", strict } = options;
  if (!isServer(target))
    throw usage(
      `--from and --to: ${target} keeps no moments of what it has been`,
      "give the address of a running kmemtap, http://127.0.0.1:8642/TARGET, or a file: kmemtap report FILE --from 2s",
    );
  const goesOn = GOES_ON.find(([name]) => options[name] !== undefined);
  if (goesOn !== undefined)
    throw usage(`${goesOn[1]} with --from or --to: a window is printed once`, `leave ${goesOn[1]}, or them, out`);
  checkServed(options, KNOWN);
  const format = formatOf(options);
  const query = queryOf(options);
  const server = new Server(target, options);
  const id = await server.target();
  const ending = ENDINGS[format];
  const window = ending === "json" || strict === true ? await server.window(id, query) : undefined;
  if (window !== undefined && ending === "json")
    await writeOutput(output, format === "callers" ? formatWindow(window) : `${JSON.stringify(window, null, 2)}\n`);
  else await writeOutput(output, shownAs(format, await server.file(id, ending, query)));
  if (window?.exact === false) say("not exact: snapshot without --from and --to says why");
  return strict === true && window?.exact === false ? ExitCode.eventsLost : ExitCode.done;
}

/** What comes of elsewhere is no terminal's to obey. Lines of CSV end in CR LF. */
function shownAs(format: string, content: Uint8Array): string | Uint8Array {
  if (format !== "csv") return content;
  const lines = new TextDecoder().decode(content).split("\r\n");
  return lines.map(printable).join("\r\n");
}

function formatOf({ json, format }: WindowPrintOptions): string {
  if (json === true && format !== undefined) throw usage("--json with --format", "give one or the other");
  const name = json === true ? "json" : (format ?? "callers");
  if (Object.hasOwn(ENDINGS, name)) return name;
  const choice = Object.keys(ENDINGS).join(", ");
  if (name.includes(",")) throw usage(`--format ${name}: a window is printed in one form`, `give one of ${choice}`);
  throw usage(
    `--format ${name}: a window does not tell enough for it`,
    `give one of ${choice}, or leave --from and --to out`,
  );
}

function queryOf({ from, to, orderBy = "current_dynamic" }: WindowPrintOptions): URLSearchParams {
  const order = ORDERS[orderBy];
  if (order === undefined) throw usage("--order-by waste: it is not known of a window", "order by net, total, allocs or frees"); // prettier-ignore
  const query = new URLSearchParams({ order });
  const [fromS, toS] = [clockOf("--from", from), clockOf("--to", to)];
  if (fromS !== undefined) query.set("from", String(fromS));
  if (toS !== undefined) query.set("to", String(toS));
  if (fromS !== undefined && toS !== undefined && fromS > toS)
    throw usage(`--from ${String(from)} is later than --to ${String(to)}`, "exchange them");
  return query;
}

/** Of the trace clock, which the server's answers and the page have in seconds: `278.9` or `278.9s`. */
function clockOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^(\d{1,12}(?:\.\d+)?)s?$/.exec(text)?.[1];
  if (seconds !== undefined) return Number(seconds);
  throw usage(
    `${option} ${text}: not a time of the trace clock`,
    `give seconds, as the page has them: ${option} 278.9`,
  );
}
