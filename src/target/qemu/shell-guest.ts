/**
 * A real kernel in QEMU with root shells on its serial lines, and SSH where wanted: what `qemu:` is, and what end-to-end
 * tests tap.
 *
 * Two processors, so that there is more than one ring buffer; they need ACPI, since Debian's cloud kernels read no MP
 * table. The kernel's console is a UART of its own, written to a file.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KmemtapError } from "../../model/errors.ts";
import { type BootKernel, findBootKernel } from "./boot-kernel.ts";
import { needQemu, startEmulator } from "./emulator.ts";
import { type Guardian, startGuardian } from "./guardian.ts";
import { GUEST_MACHINES, type GuestMachine } from "./guest-machine.ts";
import { guestAccounts } from "./guest-accounts.ts";
import { type GuestEnd, guestEnd } from "./guest-end.ts";
import { parseGuestReport } from "./guest-reports.ts";
import { type GuestSsh, guestSsh, makeSshKeys, SSH_ARGUMENTS } from "./guest-ssh.ts";
import { buildInitramfs } from "./initramfs.ts";
import { type Monitor, MONITOR_ARGUMENTS, openMonitor } from "./monitor.ts";
import {
  consoleDevice,
  devicesThatRun,
  type GuestSerial,
  guestSerial,
  layOut,
  type SerialLine,
  serialArguments,
  type SerialSpec,
  uartsOf,
} from "./serial-lines.ts";

export interface ShellGuestOptions {
  /** Debian's 6.1 by default. */
  readonly kernel?: BootKernel;
  /** 2 by default. */
  readonly cpus?: number;
  /** 512 by default. */
  readonly memoryMb?: number;
  /** Modules beside {@link MODULES}, with what they need. */
  readonly extraModules?: readonly string[];
  /** Files of this machine by their path in the guest ({@link withLibraries} finds what a program needs). */
  readonly files?: Readonly<Record<string, string>>;
  /** One Unix socket with a root shell by default. */
  readonly serials?: readonly SerialSpec[];
  /** Root's shell on every line and over SSH, a path in the guest; busybox ash by default. */
  readonly shell?: string;
  /** For `root` and for `guest` (uid 1000), at login prompts and over SSH; without it only the SSH key opens. */
  readonly password?: string;
  readonly ssh?: boolean;
  /** Words for the kernel's command line. */
  readonly append?: readonly string[];
  /** A reset starts the guest again, rather than ending it. */
  readonly reboots?: boolean;
}

export interface ShellGuest {
  /** `uname -r` */
  readonly release: string;
  /** As the options order them. */
  readonly serials: readonly GuestSerial[];
  /** Where asked for. */
  readonly ssh: GuestSsh | undefined;
  /** What the kernel and /init say, written by QEMU. */
  readonly consoleFile: string;
  readonly monitor: Monitor;
  readonly pid: number;
  /** Resolves when the guest is gone. */
  readonly exited: Promise<GuestEnd>;
  /** Ends the guest and removes its files. */
  close(): Promise<void>;
}

/** What every guest can load: its virtual devices, and what one mounts and unloads in tests. */
export const MODULES = [
  ...["virtio_pci", "virtio_console", "virtio_net", "virtio_rng"],
  ...["loop", "fat", "vfat", "nls_cp437", "nls_ascii", "nls_iso8859_1", "ext4", "crc32c_generic", "configfs", "dummy"],
];
const BOOT_LIMIT_MS = 120_000;
const LOOK_MS = 50;

/**
 * Resolves when the guest's shells answer.
 *
 * @throws {KmemtapError} `target/no-qemu`; `target/failed` where the guest ended or took too long
 */
export async function bootShellGuest(options: ShellGuestOptions = {}): Promise<ShellGuest> {
  const kernel = options.kernel ?? findBootKernel();
  await needQemu(kernel.arch);
  const dir = await mkdtemp(join(tmpdir(), "kmemtap-guest-"));
  const guardian = startGuardian(dir);
  try {
    return await boot(options, kernel, dir, guardian);
  } catch (thrown) {
    guardian.dismiss();
    await rm(dir, { recursive: true, force: true });
    throw thrown;
  }
}

async function boot(
  options: ShellGuestOptions,
  kernel: BootKernel,
  dir: string,
  guardian: Guardian,
): Promise<ShellGuest> {
  const machine = GUEST_MACHINES[kernel.arch];
  const lines = layOut(options.serials ?? [{ kind: "unix" }], dir, machine.uart);
  if (uartsOf(lines).length > machine.uarts) throw tooManyLines(machine);
  const keys = options.ssh === true ? await makeSshKeys(dir, kernel.userland) : undefined;
  const initramfs = join(dir, "initramfs.cpio");
  const content = {
    init: "guest-init.sh",
    modules: [...MODULES, ...(options.extraModules ?? [])],
    files: { ...keys?.files, ...options.files },
    texts: { ...keys?.texts, ...(await guestAccounts(options.shell ?? "/bin/sh", options.password)) },
  };
  await buildInitramfs(kernel, content, dir, initramfs);
  const consoleFile = join(dir, "console.log");
  const emulator = startEmulator(
    {
      arch: kernel.arch,
      vmlinuz: kernel.vmlinuz,
      initramfs,
      parameters: kernelParameters(options, lines, machine),
      cpus: options.cpus ?? 2,
      memoryMb: options.memoryMb ?? 512,
      reboots: options.reboots ?? false,
      devices: [
        ...MONITOR_ARGUMENTS,
        ...serialArguments(lines, consoleFile),
        ...(keys === undefined ? [] : SSH_ARGUMENTS),
      ],
    },
    guardian,
  );
  try {
    const monitor = await openMonitor(emulator);
    const ends = await monitor.charDevices();
    const ssh = keys === undefined ? undefined : await guestSsh(keys, monitor, dir);
    const exited = guestEnd(emulator.exited, consoleFile);
    await untilUp(exited, consoleFile);
    return {
      release: kernel.release,
      serials: lines.map((line) => guestSerial(line, ends.get(line.id) ?? "")),
      ssh,
      consoleFile,
      monitor,
      pid: emulator.pid,
      exited,
      close: async () => {
        await end(emulator, lines);
        guardian.dismiss();
        await rm(dir, { recursive: true, force: true });
      },
    };
  } catch (thrown) {
    await end(emulator, lines);
    throw thrown;
  }
}

/** QEMU has no time to remove its sockets, which may lie outside the guest's directory. */
async function end(emulator: { kill(): void; exited: Promise<unknown> }, lines: readonly SerialLine[]): Promise<void> {
  emulator.kill();
  await emulator.exited;
  for (const { spec, path } of lines) if (spec.kind === "unix") await rm(path, { force: true });
}

function kernelParameters(options: ShellGuestOptions, lines: readonly SerialLine[], machine: GuestMachine): string[] {
  const console = consoleDevice(lines, machine.uart);
  const list = (name: string, values: readonly string[]) => (values.length > 0 ? [`${name}=${values.join(",")}`] : []);
  return [
    `console=${console}`,
    ...machine.parameters,
    "panic=-1",
    `kmemtap.console=${console}`,
    ...list("kmemtap.shells", devicesThatRun("shell", lines)),
    ...list("kmemtap.logins", devicesThatRun("login", lines)),
    ...(options.ssh === true ? ["kmemtap.ssh=1"] : []),
    ...(options.append ?? []),
  ];
}

async function untilUp(exited: Promise<GuestEnd>, consoleFile: string): Promise<void> {
  let ended: string | undefined;
  void exited.then(({ reason }) => {
    ended = reason;
  });
  const limit = performance.now() + BOOT_LIMIT_MS;
  for (;;) {
    const said = (await readFile(consoleFile, "utf8").catch(() => "")).split("\n");
    if (said.some((line) => parseGuestReport(line)?.milestone === "up")) return;
    if (ended === undefined && performance.now() < limit) {
      await sleep(LOOK_MS);
      continue;
    }
    const last = said.findLast((line) => line.trim() !== "")?.trim() ?? "nothing";
    throw new KmemtapError("target/failed", `${ended ?? "the guest did not come up"}; its console says: ${last}`, {
      nextStep: "check the kernel and the words appended to its command line",
    });
  }
}

function tooManyLines({ uarts }: GuestMachine): KmemtapError {
  return new KmemtapError("config/invalid", `such a guest has at most ${uarts} emulated UARTs`, {
    nextStep: "make the other lines virtio ones (device: port)",
  });
}
