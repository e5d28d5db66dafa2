/** Whether a kernel is the one that a capture was taken on. With another one every answer could be wrong and look right. */
import { KmemtapError } from "../model/errors.ts";
import type { Located, NotLocated } from "./locate.ts";

/** What is known of a kernel. */
export interface BuildIdentity {
  /** `uname -r` */
  readonly release?: string | undefined;
  readonly buildId?: string | undefined;
}

/** So many call sites must be there to tell. */
const FEWEST_SITES = 20;
/** With the right kernel all fit, but for the last functions of sections. */
const SHARE_FITTING = 0.9;
const ADDRESSES_OF_32_BITS = 1n << 32n;

export interface CheckedKernel extends BuildIdentity {
  readonly path: string;
  /** Of any of its functions; undefined where none is known. */
  readonly address: bigint | undefined;
}

export interface CaptureBuild {
  readonly capture: BuildIdentity;
  /** Goes on with another kernel, and says so. */
  readonly force: boolean;
}

/** Told by names at once, and by call sites as they are looked up. */
export class BuildCheck {
  readonly #kernel: CheckedKernel;
  readonly #force: boolean;
  readonly #differs: string | undefined;
  readonly #isTold: boolean;
  #fitting = 0;
  /** Call sites in functions that the kernel has not, or of another size. */
  #others = 0;
  #addresses = 0;
  #otherAddresses = 0;
  #misfit: string | undefined;

  /** @throws {KmemtapError} `symbols/wrong-build` where both say which kernel they are of, and differ */
  constructor(kernel: CheckedKernel, { capture, force }: CaptureBuild) {
    this.#kernel = kernel;
    this.#force = force;
    const told = (["release", "buildId"] as const).filter(
      (what) => kernel[what] !== undefined && capture[what] !== undefined,
    );
    this.#isTold = told.length > 0;
    const differs = told.find((what) => kernel[what] !== capture[what]);
    if (differs === undefined) return;
    const what = differs === "buildId" ? "has the build-id" : "is Linux";
    this.#differs = `${kernel.path} ${what} ${kernel[differs] ?? ""}, the capture is of ${capture[differs] ?? ""}`;
    if (!force) throw wrongBuild(this.#differs);
  }

  /**
   * The kernel prints the size of each call site's function: another build has others.
   *
   * @param addresses of the call sites that are nothing else
   * @throws {KmemtapError} `symbols/wrong-build`
   */
  take(places: readonly (Located | NotLocated)[], addresses: readonly bigint[]): void {
    for (const place of places) {
      if (place.module !== null) continue;
      if ("reason" in place ? place.misfit === true : place.sizeFits === false) this.#others += 1;
      else if (!("reason" in place) && place.sizeFits === true) this.#fitting += 1;
    }
    this.#addresses += addresses.length;
    this.#otherAddresses += addresses.filter((address) => bitsOf(address) !== this.#bits).length;
    this.#misfit = this.#widthMisfit() ?? this.#sizeMisfit();
    if (this.#misfit !== undefined && !this.#force) throw wrongBuild(this.#misfit);
  }

  /** A kernel that was taken by force: of it only functions of the size that was printed may be the capture's. */
  get isOther(): boolean {
    return this.#differs !== undefined || this.#misfit !== undefined;
  }

  /** Sizes told it: a function of the same size is in the same file, most likely, and at another line. */
  get hasOtherLines(): boolean {
    return this.#misfit !== undefined;
  }

  get findings(): readonly string[] {
    const misfit = this.#misfit ?? this.#differs;
    if (misfit !== undefined)
      return [
        `${misfit}; call sites that do not fit have no file${this.hasOtherLines ? ", none has a line" : ""}, and what is said of the others may be wrong`,
      ];
    if (this.#isTold) return [];
    const silent = this.#kernel.release === undefined ? this.#kernel.path : "the capture";
    const sized = this.#sized;
    const rests =
      sized >= FEWEST_SITES
        ? `rests on the sizes of functions, of ${String(sized)} call sites`
        : `is not checked: of ${String(sized)} call sites the size of their function is known, too few to tell`;
    return [`${silent} does not say which kernel it is of: that they belong together ${rests}`];
  }

  get #sized(): number {
    return this.#fitting + this.#others;
  }

  get #bits(): number | undefined {
    const { address } = this.#kernel;
    return address === undefined ? undefined : bitsOf(address);
  }

  /** Half of them: a line may be damaged. */
  #widthMisfit(): string | undefined {
    const bits = this.#bits;
    if (bits === undefined || this.#otherAddresses * 2 <= this.#addresses + this.#sized) return undefined;
    return `${this.#kernel.path} is a kernel of ${String(bits)} bits, the capture's addresses are of ${String(96 - bits)}`;
  }

  #sizeMisfit(): string | undefined {
    if (this.#sized < FEWEST_SITES || this.#fitting >= this.#sized * SHARE_FITTING) return undefined;
    return `${this.#kernel.path} is not the kernel of the capture: of ${String(this.#sized)} call sites ${String(this.#others)} are in functions that it has not, or of another size`;
  }
}

/** A kernel of 64 bits is in the upper half of its addresses. */
function bitsOf(address: bigint): 32 | 64 {
  return address < ADDRESSES_OF_32_BITS ? 32 : 64;
}

function wrongBuild(message: string): KmemtapError {
  return new KmemtapError("symbols/wrong-build", message, {
    nextStep: "give the vmlinux of that very build with -k, or --force to go on with this one",
  });
}
