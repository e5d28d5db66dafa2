/** trace_analyze's options for ring charts, of `report`. */
import { extname } from "node:path";
import { type Command, Option } from "@commander-js/extra-typings";
import { RING_ATTRIBUTES, type RingAttribute } from "../model/source-tree.ts";
import { branchNames } from "../report/branch-names.ts";
import type { Scheme } from "../rings/ring-colours.ts";
import { usage } from "./arm-options.ts";

export interface RingsOptions {
  readonly ringsFile?: string;
  readonly ringsAttr?: RingAttribute;
  readonly ringsShow?: true;
  readonly ringsTheme?: Scheme;
  /** See kernel-option.ts. */
  readonly branch?: string;
  readonly startBranch?: string;
}

export const RING_FORMATS = ["svg", "png", "html"] as const;
export type RingFormat = (typeof RING_FORMATS)[number];

export const RINGS_THEME = new Option(
  "--rings-theme <THEME>",
  "of a picture (default: SVG follows the viewer's, PNG is light)",
).choices(["light", "dark"] as const);

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
  /** Undefined for the format's own. */
  readonly theme: Scheme | undefined;
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
    .option("-i, --rings-show", "show the chart; without -r as a page in the temporary directory")
    .addOption(RINGS_THEME);
}

/** @returns undefined where no chart was asked for */
export function ringsChoiceOf(options: RingsOptions): RingsChoice | undefined {
  const { ringsFile: file, ringsAttr: attribute, ringsShow: show = false, ringsTheme: theme } = options;
  if (file === undefined && !show) {
    const given = attribute === undefined ? (theme === undefined ? undefined : "--rings-theme") : "--rings-attr";
    if (given === undefined) return undefined;
    throw usage(`${given} is of a ring chart, and none is drawn`, "name its file with -r, or show it with -i");
  }
  const format = file === undefined ? "html" : formatOf("--rings-file", file, RING_FORMATS);
  if (format === "html" && theme !== undefined)
    throw usage("--rings-theme is of a picture", "leave it out: a page follows its reader's light or dark scheme");
  return { file, format, attribute, branch: branchNames(options.branch ?? options.startBranch), show, theme };
}

/** Of what the image takes as well. @param attribute undefined for all that there is */
export function showsImage(attribute: RingAttribute | undefined): boolean {
  return attribute === undefined || attribute === "current" || attribute === "static";
}

/** The format that a file's name ends in, one of those that there are. */
export function formatOf<Format extends RingFormat>(option: string, file: string, formats: readonly Format[]): Format {
  const ending = extname(file).slice(1).toLowerCase();
  const format = formats.find((known) => known === ending);
  if (format !== undefined) return format;
  const endings = formats.map((known) => `.${known}`);
  throw usage(
    `${option} ${file}: no kind of chart`,
    `end its name in ${endings.slice(0, -1).join(", ")} or ${endings.at(-1)}`,
  );
}
