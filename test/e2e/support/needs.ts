/** What an end-to-end test needs of this machine; a test that cannot run says which part is missing. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { KmemtapError } from "../../../src/model/errors.ts";
import { findBootKernel } from "../../../src/target/qemu/boot-kernel.ts";

const CHECKS = {
  qemu: () => hasCommand("qemu-system-x86_64"),
  busybox: () => existsSync("/bin/busybox"),
  chromium: () => hasCommand("chromium"),
  kernel: () => {
    try {
      return findBootKernel().release !== "";
    } catch (thrown) {
      if (thrown instanceof KmemtapError) return false;
      throw thrown;
    }
  },
};
export type Part = keyof typeof CHECKS;

/** For `describe.skipIf`: whether parts are missing, and a name that says so. */
export function needs(...parts: Part[]): { readonly missing: boolean; readonly note: string } {
  const missing = parts.filter((part) => !CHECKS[part]());
  return { missing: missing.length > 0, note: missing.length > 0 ? ` (missing: ${missing.join(", ")})` : "" };
}

function hasCommand(name: string): boolean {
  return (process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, name)));
}
