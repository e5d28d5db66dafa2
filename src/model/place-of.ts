/** Where in the kernel a caller is: its module and its directory, worked out once a row and source. */
import type { CallerRow } from "./snapshot.ts";
import { parseCallSite } from "./call-site-text.ts";

export interface Place {
  /** `fat`; {@link BUILT_IN} for the kernel's image, {@link NO_NAME} where only an address is known. */
  readonly module: string;
  /** `fs/fat`; empty where no file is known. */
  readonly directory: string;
}

export const BUILT_IN = "built-in";
export const NO_NAME = "address";

const places = new Map<string, { source: CallerRow["source"]; place: Place }>();

export function placeOf({ callSite, source }: Pick<CallerRow, "callSite" | "source">): Place {
  const known = places.get(callSite);
  if (known !== undefined && known.source === source) return known.place;
  const site = parseCallSite(callSite);
  const place = {
    module: source?.module ?? (site !== undefined && "symbol" in site ? (site.module ?? BUILT_IN) : NO_NAME),
    directory: directoryOf(source?.file ?? ""),
  };
  // A page that is open for days sees modules come and go.
  if (places.size > 50_000) places.clear();
  places.set(callSite, { source, place });
  return place;
}

function directoryOf(file: string): string {
  return file.slice(0, Math.max(0, file.lastIndexOf("/")));
}
