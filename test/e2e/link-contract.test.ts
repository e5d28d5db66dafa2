/** What every link promises, on a real guest: consoles on QEMU's emulated 16550 behind each kind of chardev, and SSH. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { loadConfig } from "../../src/cli/config.ts";
import { parseTarget } from "../../src/cli/parse-target.ts";
import type { Shell } from "../../src/model/ports.ts";
import type { ShellTarget } from "../../src/model/target.ts";
import { openShell } from "../../src/target/open-shell.ts";
import { bootShellGuest, type ShellGuest } from "../../src/target/qemu/shell-guest.ts";
import { shellContract } from "../transport/link-contract.ts";
import { needs } from "./support/needs.ts";

const { missing, note } = needs("qemu", "busybox", "kernel", "dropbear", "ssh");

/**
 * A UART of a guest under emulation passes some 50 to 500 kB/s. It has no flow control: what is typed while its terminal has
 * no room is lost, and that has 64 kB (drivers/tty/tty_buffer.c).
 */
const SERIAL = { largeBytes: 32_000, boundBytes: 2_000_000 };

describe.skipIf(missing)(`links into a guest${note}`, () => {
  let guest: ShellGuest;
  const dir = mkdtempSync(join(tmpdir(), "kmemtap-config-"));

  beforeAll(async () => {
    guest = await bootShellGuest({ ssh: true, serials: [{ kind: "unix" }, { kind: "tcp" }, { kind: "pty" }] });
  });

  afterAll(async () => {
    await guest.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const open = (url: () => string) => async (): Promise<{ shell: Shell }> => {
    const target = parseTarget(url(), loadConfig("/dev/null"), {}) as ShellTarget;
    return { shell: await openShell(target, () => Promise.resolve(undefined)) };
  };

  shellContract(
    "a UART on a Unix socket",
    open(() => guest.serials[0].target),
    SERIAL,
  );
  shellContract(
    "a UART on a TCP socket",
    open(() => guest.serials[1].target),
    SERIAL,
  );
  shellContract(
    "a UART on a pseudo-terminal",
    open(() => guest.serials[2].target),
    SERIAL,
  );
});
