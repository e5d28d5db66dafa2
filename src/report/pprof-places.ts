/** What a profile's samples refer to: functions, places in them, and the images that these are of; each once. */
import { Function as ProfileFunction, Line, Location, Mapping, StringTable } from "pprof-format";
import { parseCallSite } from "../model/call-site-text.ts";
import { functionOf } from "../model/function-name.ts";
import type { CallerSource } from "../model/snapshot.ts";

/** The kernel's image, by which a profile of it is called. */
export const KERNEL_IMAGE = "vmlinux";

export class PprofPlaces {
  readonly strings = new StringTable();
  readonly mappings: Mapping[] = [];
  readonly functions: ProfileFunction[] = [];
  readonly locations: Location[] = [];
  readonly #mappingIds = new Map<string, number>();
  readonly #functionIds = new Map<string, number>();
  readonly #locationIds = new Map<string, number>();

  /** @param buildId of the kernel's image; the first mapping is what readers name the profile after */
  constructor(buildId: string | undefined) {
    this.#mapping(KERNEL_IMAGE, buildId);
  }

  /**
   * The location of a call site. Where its source is known it has a line for each function that was inlined there, the innermost
   * first, as profile.proto has it.
   */
  location(callSite: string, source: CallerSource | undefined): number {
    const known = this.#locationIds.get(callSite);
    if (known !== undefined) return known;
    const id = this.locations.length + 1;
    const site = parseCallSite(callSite);
    // The kernel hides addresses behind names; only where it had no name is there one to give.
    const address = site !== undefined && "address" in site ? site.address : 0;
    const mappingId = this.#mapping(moduleOf(callSite, source) ?? KERNEL_IMAGE);
    this.locations.push(new Location({ id, mappingId, address, line: this.#lines(callSite, source) }));
    this.#locationIds.set(callSite, id);
    return id;
  }

  #lines(callSite: string, source: CallerSource | undefined): Line[] {
    const { name } = functionOf(callSite);
    const site = parseCallSite(callSite);
    const symbol = site !== undefined && "symbol" in site ? site.symbol : name;
    const chain = source?.chain ?? [];
    if (chain.length === 0) {
      const functionId = this.#function(source?.function ?? name, symbol, source?.file ?? "");
      return [new Line({ functionId, line: source?.line ?? 0 })];
    }
    return chain.map((frame, i) => {
      const isOutermost = i === chain.length - 1;
      const frameName = frame.function ?? (isOutermost ? name : "(inlined)");
      const functionId = this.#function(frameName, isOutermost ? symbol : frameName, frame.file ?? "");
      return new Line({ functionId, line: frame.line ?? 0 });
    });
  }

  #function(name: string, systemName: string, file: string): number {
    const key = `${name}\n${systemName}\n${file}`;
    const known = this.#functionIds.get(key);
    if (known !== undefined) return known;
    const id = this.functions.length + 1;
    const [nameText, systemText, filename] = [name, systemName, file].map((text) => this.strings.dedup(text));
    this.functions.push(new ProfileFunction({ id, name: nameText, systemName: systemText, filename }));
    this.#functionIds.set(key, id);
    return id;
  }

  #mapping(image: string, buildId = ""): number {
    const known = this.#mappingIds.get(image);
    if (known !== undefined) return known;
    const id = this.mappings.length + 1;
    const [filename, build] = [image, buildId].map((text) => this.strings.dedup(text));
    // Said to be complete, so that no reader looks for the image on its own machine.
    const complete = { hasFunctions: true, hasFilenames: true, hasLineNumbers: true, hasInlineFrames: true };
    this.mappings.push(new Mapping({ id, filename, buildId: build, ...complete }));
    this.#mappingIds.set(image, id);
    return id;
  }
}

/** Undefined for what is built in. */
export function moduleOf(callSite: string, source: CallerSource | undefined): string | undefined {
  const site = parseCallSite(callSite);
  const named = site !== undefined && "symbol" in site ? site.module : undefined;
  return named ?? source?.module ?? undefined;
}
