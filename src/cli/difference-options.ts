/** Which charts `kmemtap diff` draws. */
import { Option } from "@commander-js/extra-typings";
import { RING_ATTRIBUTES, type RingAttribute } from "../model/source-tree.ts";
import type { Scheme } from "../rings/ring-colours.ts";
import { usage } from "./arm-options.ts";
import { formatOf, RING_FORMATS, type RingFormat } from "./rings-options.ts";

export const DIFFERENCE_OPTIONS = {
  ringsFile: ["-r, --rings-file <FILE>", "draw what changed as a ring chart: FILE.svg, FILE.png or FILE.html"],
  sideBySide: ["--side-by-side <FILE>", "draw both as ring charts beside each other"],
} as const;

export const RINGS_ATTR = new Option(
  "-a, --rings-attr <ATTRIBUTE>",
  "what the charts are of (default: current_dynamic)",
).choices(RING_ATTRIBUTES);

/** The charts that were asked for, in their formats. */
export interface DifferenceCharts {
  readonly pictures: readonly {
    readonly file: string;
    readonly format: RingFormat;
    readonly chart: "difference" | "sides";
  }[];
  readonly attribute: RingAttribute;
  /** Names from the kernel's root down. */
  readonly branch: readonly string[];
  readonly theme: Scheme | undefined;
}

export interface DifferenceOptions {
  readonly ringsFile?: string;
  readonly sideBySide?: string;
  readonly ringsAttr?: RingAttribute;
  readonly ringsTheme?: Scheme;
}

/** @returns undefined where none was asked for */
export function differenceChartsOf(
  options: DifferenceOptions,
  branch: readonly string[],
): DifferenceCharts | undefined {
  const { ringsFile, sideBySide: both, ringsAttr: attribute = "current_dynamic", ringsTheme: theme } = options;
  const asked = [
    { option: "--rings-file", file: ringsFile, chart: "difference" as const },
    { option: "--side-by-side", file: both, chart: "sides" as const },
  ];
  const pictures = asked.flatMap(({ option, file, chart }) =>
    file === undefined ? [] : [{ file, chart, format: formatOf(option, file, RING_FORMATS) }],
  );
  if (pictures.length > 0) return { pictures, attribute, branch, theme };
  if (options.ringsAttr !== undefined || theme !== undefined)
    throw usage(
      "--rings-attr and --rings-theme are of a chart, and none is drawn",
      "name its file with -r or --side-by-side",
    );
  return undefined;
}
