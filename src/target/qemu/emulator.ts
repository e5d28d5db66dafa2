/** The QEMU process of a guest: emulated, never KVM, so that it runs the same in every container. */
import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { KmemtapError, messageOf } from "../../model/errors.ts";
import type { Guardian } from "./guardian.ts";
import { GUEST_MACHINES, type GuestArch } from "./guest-machine.ts";

export interface Emulator {
  readonly pid: number;
  /** The other end of QEMU's file descriptor {@link MONITOR_FD}, for arguments that name it. */
  readonly monitor: Duplex;
  /** Resolves when the guest is gone. */
  readonly exited: Promise<EmulatorEnd>;
  /** Ends the guest at once. */
  kill(): void;
}

export interface EmulatorEnd {
  /** A line on why. */
  readonly reason: string;
  /** QEMU ended by itself and without complaint: a guest that was shut down, or that reset after a panic. */
  readonly isOrderly: boolean;
}

export interface Machine {
  readonly arch: GuestArch;
  readonly vmlinuz: string;
  readonly initramfs: string;
  /** The kernel's command line. */
  readonly parameters: readonly string[];
  readonly cpus: number;
  readonly memoryMb: number;
  /** The guest's reset starts it again; else it ends the guest. */
  readonly reboots?: boolean;
  /** Serial ports and other devices: QEMU's arguments. */
  readonly devices: readonly string[];
}

/** A socket that QEMU inherits: it needs no path and cannot be missed. */
export const MONITOR_FD = 3;

/**
 * @param instead what else the user could do, where QEMU is missing
 * @throws {KmemtapError} `target/no-qemu`
 */
export async function needQemu(arch: GuestArch, instead?: string): Promise<void> {
  const { qemu, debianPackage } = GUEST_MACHINES[arch];
  for (const folder of (process.env["PATH"] ?? "").split(":")) {
    const found = await access(join(folder, qemu), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return;
  }
  const install = `install it (apt-get install ${debianPackage} busybox-static)`;
  throw new KmemtapError("target/no-qemu", `${qemu} is not installed`, {
    nextStep: instead === undefined ? install : `${install}, or ${instead}`,
  });
}

/** Starts the guest and puts it under the guardian's eye. */
export function startEmulator(machine: Machine, guardian: Guardian): Emulator {
  const { qemu } = GUEST_MACHINES[machine.arch];
  const child = spawn(qemu, qemuArguments(machine), {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    // A group of its own: Ctrl-C in the terminal is ours to act on, and the guest is ended by its pid.
    detached: true,
  });
  guardian.watch(child.pid);
  let said = "";
  child.stderr?.on("data", (data: Buffer) => (said += data.toString()));
  const monitor = child.stdio[MONITOR_FD] as Duplex;
  // Broken when QEMU ends, which `exited` tells.
  monitor.on("error", () => undefined);
  // "close" waits for the monitor as well, which may have no reader.
  child.once("exit", () => monitor.destroy());
  const exited = new Promise<EmulatorEnd>((resolve) => {
    child.once("error", (error) => resolve({ reason: `${qemu} did not start: ${messageOf(error)}`, isOrderly: false }));
    child.once("close", (code, signal) => resolve(exitReason(qemu, code, signal, said)));
  });
  void exited.then(() => guardian.watch(undefined));
  return { pid: child.pid ?? 0, monitor, exited, kill: () => void child.kill("SIGKILL") };
}

function qemuArguments(machine: Machine): string[] {
  return [
    ...["-accel", "tcg,thread=multi", ...GUEST_MACHINES[machine.arch].arguments],
    ...["-smp", String(machine.cpus), "-m", `${machine.memoryMb}M`],
    ...["-nodefaults", "-no-user-config", "-display", "none"],
    ...(machine.reboots === true ? [] : ["-no-reboot"]),
    ...machine.devices,
    ...["-kernel", machine.vmlinuz, "-initrd", machine.initramfs, "-append", machine.parameters.join(" ")],
  ];
}

function exitReason(qemu: string, code: number | null, signal: string | null, said: string): EmulatorEnd {
  const text = said.trim().split("\n").at(-1) ?? "";
  if (text !== "" && code !== 0) return { reason: `${qemu} failed: ${text}`, isOrderly: false };
  if (signal !== null) return { reason: `${qemu} was ended by ${signal}`, isOrderly: false };
  return code === 0
    ? { reason: "the guest has shut down", isOrderly: true }
    : { reason: `${qemu} ended with status ${String(code)}`, isOrderly: false };
}
