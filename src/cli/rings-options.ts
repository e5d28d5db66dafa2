/** trace_analyze's options for ring charts, of `report`. */
import { extname } from "node:path";
import { type Command, Option } from "@commander-js/extra-typings";
import { RING_ATTRIBUTES, type RingAttribute } from "../model/source-tree.ts";
import { usage } from "./arm-options.ts";

export interface RingsOptions {
  readonly ringsFile?: string;
  readonly ringsAttr?: RingAttribute;
  readonly ringsShow?: true;
  /** See kernel-option.ts. */
  readonly branch?: string;
  readonly startBranch?: string;
}

export const RING_FORMATS = ["svg", "png", "html"] as const;
export type RingFormat = (typeof RING_FORMATS)[number];

/** A chart that is to be written. */
export interface RingsChoice {
  /** Undefined where it is only to be shown. */
  readonly file: string | undefined;
  readonly format: RingFormat;
  /** Undefined for the one that has most to show. */
  readonly attribute: RingAttribute | undefined;
  /** Names from the kernel's root down. */
  readonly branch: readonly string[];
  readonly show: boolean;
}

export function addRingsOptions<Args extends unknown[], Opts extends Record<string, unknown>>(
  command: Command<Args, Opts>,
) {
  return command
    .option("-r, --rings-file <FILE>", "draw a ring chart: FILE.svg, FILE.png, or FILE.html to click into")
    .addOption(
      new Option(
        "-a, --rings-attr <ATTRIBUTE>",
        "what the chart is of (default: current, as far as it is known)",
      ).choices(RING_ATTRIBUTES),
    )
    .option("-i, --rings-show", "show the chart; without -r as a page in the temporary directory");
}

/** @returns undefined where no chart was asked for */
export function ringsChoiceOf(options: RingsOptions): RingsChoice | undefined {
  const { ringsFile: file, ringsAttr: attribute, ringsShow: show = false } = options;
  if (file === undefined && !show) {
    if (attribute === undefined) return undefined;
    throw usage("--rings-attr is of a ring chart, and none is drawn", "name its file with -r, or show it with -i");
  }
  const branch = (options.branch ?? options.startBranch ?? "").split("/").filter((name) => name !== "" && name !== ".");
  return { file, format: file === undefined ? "html" : formatOf(file), attribute, branch, show };
}

function formatOf(file: string): RingFormat {
  const ending = extname(file).slice(1).toLowerCase();
  const format = RING_FORMATS.find((known) => known === ending);
  if (format !== undefined) return format;
  throw usage(`--rings-file ${file}: no kind of chart`, "end its name in .svg, .png or .html");
}
