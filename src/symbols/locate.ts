/** From a call site's text to places in images. */
import type { KernelSymbols } from "./kernel-symbols.ts";
import { type NamedSite, parseCallSite } from "../model/call-site-text.ts";
import { findFunction } from "./find-function.ts";
import type { ImageFunction } from "./image-symbols.ts";
import type { Images } from "./images.ts";
import type { Image } from "./open-image.ts";

/** A place that the call returns to: in one of these functions, between which nothing tells. */
export interface Located {
  readonly image: Image;
  readonly module: string | null;
  readonly candidates: readonly { readonly function: ImageFunction; readonly returnAddress: bigint }[];
  /** Whether the function has the size that the kernel printed; undefined where it printed none. */
  readonly sizeFits: boolean | undefined;
}

export interface NotLocated {
  readonly module: string | null;
  readonly reason: string;
  /** The kernel itself has no function of that name, or none of that size. */
  readonly misfit?: true;
  /** What is known all the same. */
  readonly function?: string;
}

export interface Locator {
  readonly images: Pick<Images, "kernel" | "module">;
  /** The target's kallsyms, where there are any: they know where modules are, and what KASLR did. */
  readonly kallsyms: KernelSymbols | undefined;
  /** What KASLR added to the kernel's addresses; undefined where that is not known. */
  readonly slide: bigint | undefined;
}

export async function locate(text: string, locator: Locator): Promise<Located | NotLocated> {
  const site = parseCallSite(text);
  if (site === undefined) return { module: null, reason: "not a call site of the kernel" };
  if (!("address" in site)) return named(site, locator);
  const name = locator.kallsyms?.nameOf(site.address);
  const asNamed = name === undefined ? undefined : parseCallSite(name);
  if (asNamed !== undefined && !("address" in asNamed)) return named(asNamed, locator);
  return bare(site.address, locator);
}

/** What may be said of a place where the kernel is not the capture's: of a function of another size no more than its name. */
export function ofOtherKernel(place: Located | NotLocated): Located | NotLocated {
  if ("reason" in place || place.sizeFits === true) return place;
  const { module, image, candidates, sizeFits } = place;
  const [name, ...others] = new Set(candidates.map((candidate) => candidate.function.name));
  const why =
    sizeFits === false ? "has that function in another size" : "is of another kernel, and no size was printed";
  return { module, reason: `${image.path} ${why}`, ...(others.length === 0 && { function: name }) };
}

async function named(site: NamedSite, { images }: Locator): Promise<Located | NotLocated> {
  const { symbol, offset, module = null } = site;
  const image = module === null ? images.kernel : await images.module(module);
  if (typeof image === "string") return { module, reason: image };
  const { candidates, sizeFits } = findFunction(image.symbols, site);
  if (candidates.length === 0)
    return { module, reason: `${image.path} has no ${symbol} of that size`, ...(module === null && { misfit: true }) };
  return {
    image,
    module,
    sizeFits,
    candidates: candidates.map((f) => {
      const returnAddress = f.address + BigInt(offset);
      // A call at a function's very end (of one that never returns) returns to what is behind it.
      const calling = offset === 0 ? image.symbols.at(returnAddress - 1n) : undefined;
      return { function: calling ?? f, returnAddress };
    }),
  };
}

function bare(address: bigint, { images, slide }: Locator): Located | NotLocated {
  if (slide === undefined)
    return {
      module: null,
      reason: "a bare address: of a module that is gone, or KASLR moved the kernel nobody knows how far",
    };
  const returnAddress = address - slide;
  // The call is in front of the address that it returns to.
  const found = images.kernel.symbols.at(returnAddress - 1n);
  if (found === undefined)
    return { module: null, reason: "an address outside of the kernel: of a module that is gone, or of generated code" };
  return { image: images.kernel, module: null, sizeFits: undefined, candidates: [{ function: found, returnAddress }] };
}
