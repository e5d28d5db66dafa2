/** The kernel that a guest boots: where it is, and its modules. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { KmemtapError } from "../../model/errors.ts";
import type { GuestArch } from "./guest-machine.ts";

export interface BootKernel {
  /** `uname -r` */
  readonly release: string;
  readonly vmlinuz: string;
  /** The directory named for the release, with `modules.dep` or the modules below it. */
  readonly modulesDir: string;
  readonly arch: GuestArch;
  /** Programs of a foreign architecture, laid out as in its root; this machine's own will do where there are none. */
  readonly userland?: string;
}

/** What scripts/kernels.mjs leaves beside a kernel that it unpacked; paths are relative to the file. */
const fetchedSchema = z.object({ release: z.string(), vmlinuz: z.string(), modulesDir: z.string() });
const NATIVE: GuestArch = "amd64";

/** Debian's cloud kernel 6.1, as `npm start` and `npm test` fetch it; else one installed on this machine. */
export function findBootKernel(): BootKernel {
  const kernel = findFetchedKernel("bookworm") ?? installedKernel();
  if (kernel !== undefined) return kernel;
  throw new KmemtapError("target/no-qemu", "there is no kernel to boot", {
    nextStep: "fetch one: node scripts/kernels.mjs bookworm amd64 (needs Debian's apt)",
  });
}

/**
 * Debian's kernel of a suite (bullseye 5.10, bookworm 6.1, trixie 6.12, sid 7.x), the cloud's where there is one, where it has
 * been fetched; one of a foreign architecture with its programs.
 */
export function findFetchedKernel(suite: string, arch = NATIVE): BootKernel | undefined {
  const cache = process.env["KMEMTAP_CACHE"] ?? join(homedir(), ".cache", "kmemtap");
  const folder = join(cache, "kernels", `${suite}-${arch}`);
  const facts = join(folder, "fetched.json");
  const userland = arch === NATIVE ? undefined : join(cache, "packages", `userland-${suite}-${arch}`);
  if (!existsSync(facts) || (userland !== undefined && !existsSync(join(userland, "fetched.json")))) return undefined;
  const { release, vmlinuz, modulesDir } = fetchedSchema.parse(JSON.parse(readFileSync(facts, "utf8")));
  const kernel = { release, vmlinuz: join(folder, vmlinuz), modulesDir: join(folder, modulesDir), arch };
  return userland === undefined ? kernel : { ...kernel, userland };
}

function installedKernel(): BootKernel | undefined {
  if (process.arch !== "x64" || !existsSync("/lib/modules")) return undefined;
  for (const release of readdirSync("/lib/modules").sort().reverse()) {
    const vmlinuz = `/boot/vmlinuz-${release}`;
    if (existsSync(vmlinuz)) return { release, vmlinuz, modulesDir: `/lib/modules/${release}`, arch: NATIVE };
  }
  return undefined;
}
