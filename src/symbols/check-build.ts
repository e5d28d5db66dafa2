/** Whether a kernel is the one that a capture was taken on. With another one every answer could be wrong and look right. */
import { KmemtapError } from "../model/errors.ts";

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

/**
 * What to say of it, undefined where there is nothing to say.
 *
 * @param path of the kernel
 * @param force goes on with another one, and says so
 * @throws {KmemtapError} `symbols/wrong-build`
 */
export function checkBuild(
  path: string,
  kernel: BuildIdentity,
  capture: BuildIdentity,
  force: boolean,
): string | undefined {
  const differs = (["release", "buildId"] as const).find(
    (what) => kernel[what] !== undefined && capture[what] !== undefined && kernel[what] !== capture[what],
  );
  if (differs !== undefined) {
    const what = differs === "buildId" ? "has the build-id" : "is Linux";
    const message = `${path} ${what} ${kernel[differs] ?? ""}, the capture is of ${capture[differs] ?? ""}`;
    if (!force) throw wrongBuild(message);
    return `${message}: what is said of the source may be wrong`;
  }
  const isTold = (["buildId", "release"] as const).some(
    (what) => kernel[what] !== undefined && capture[what] !== undefined,
  );
  if (isTold) return undefined;
  const silent = kernel.release === undefined ? path : "the capture";
  return `${silent} does not say which kernel it is of: that they belong together rests on the sizes of the functions`;
}

export interface Fit {
  readonly fitting: number;
  /** Call sites in functions that the kernel has not, or of another size. */
  readonly others: number;
}

/**
 * The kernel prints the size of each call site's function: another build has others.
 *
 * @throws {KmemtapError} `symbols/wrong-build`
 */
export function checkFit(path: string, { fitting, others }: Fit, force: boolean): string | undefined {
  const all = fitting + others;
  if (all < FEWEST_SITES || fitting >= all * SHARE_FITTING) return undefined;
  const message = `${path} is not the kernel of the capture: of ${String(all)} call sites ${String(others)} are in functions that it has not, or of another size`;
  if (!force) throw wrongBuild(message);
  return `${message}; these stay unattributed, and what is said of the others may be wrong`;
}

function wrongBuild(message: string): KmemtapError {
  return new KmemtapError("symbols/wrong-build", message, {
    nextStep: "give the vmlinux of that very build with -k, or --force to go on with this one",
  });
}
