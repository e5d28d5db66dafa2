/**
 * A real kernel, booted under trace in QEMU, its trace on the first serial port and its console on the second.
 *
 * Emulated, never KVM, so that it runs the same in every container; the machine is chosen for a short wait. QEMU hands
 * every byte of a UART to the host by a system call of its own, so the link carries 1.1 to 1.5 MB/s whatever the guest
 * does, and what shortens the wait is making fewer events: `acpi=off` saves a third of a boot's (the ACPI interpreter's
 * objects), `lsm=lockdown` 11,000 more (a security blob for each inode of tracefs); one CPU, because a second one competes
 * with the device model. Measured on 6.1: 7.7 s until the boot is through instead of 18.9 s.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defer, from, type Observable, share } from "rxjs";
import type { ByteSource, TargetReport } from "../../model/ports.ts";
import { followFile } from "../../transport/follow-file.ts";
import { newNonce } from "../agent/nonce.ts";
import { findBootKernel } from "./boot-kernel.ts";
import { type Emulator, needQemu, startEmulator } from "./emulator.ts";
import { type Guardian, startGuardian } from "./guardian.ts";
import { type GuestEnd, guestEnd } from "./guest-end.ts";
import { linesOf, parseGuestReport } from "./guest-reports.ts";
import { buildInitramfs } from "./initramfs.ts";

export interface GuestOptions {
  /** The guest keeps a copy of all it traced and sends it on a third port at the end of one workload round. */
  readonly copy?: boolean;
  /** Words for the kernel's command line. */
  readonly append?: readonly string[];
}

export interface Guest {
  readonly source: ByteSource;
  /** What the guest says of its own side, shared by all who subscribe. */
  readonly reports: Observable<TargetReport>;
  /** `uname -r` of what it boots. */
  readonly release: string;
  /** Files that QEMU writes: the trace as it arrived, the console, the guest's own copy. */
  readonly files: { readonly trace: string; readonly console: string; readonly copy: string };
  readonly pid: number;
  /** Resolves when the guest is gone. One that panicked fails {@link source} as well. */
  readonly exited: Promise<GuestEnd>;
  /** Of the marks that its workload leaves in the trace: their nonce (told-phases.ts). */
  readonly nonce: string;
  /** Ends the guest and removes its files. */
  close(): Promise<void>;
}

/** Those of the workload. */
const MODULES = ["loop", "fat", "vfat", "nls_cp437", "nls_ascii", "dummy"];
const KMEM_EVENTS = [
  "kmalloc",
  "kmem_cache_alloc",
  "kfree",
  "kmem_cache_free",
  "kmalloc_node",
  "kmem_cache_alloc_node",
];

/** The kernel command line of a good boot capture; each parameter's reason beside it. */
const KERNEL_PARAMETERS = [
  "console=ttyS1",
  // Names a kernel lacks only warn: 6.1 and later have no _node events.
  `trace_event=${KMEM_EVENTS.map((event) => `kmem:${event}`).join(",")}`,
  // Per CPU. A boot makes 3 to 24 MB of events; the default of 1.4 MB would overrun.
  "trace_buf_size=48M",
  // Else the kernel may change the clock late in boot (TSC judged unstable) and wipe the buffer.
  "trace_clock=global",
  "acpi=off",
  // Where QEMU's BIOS puts the timer that ACPI would have told of. Without it the kernel has the PIT alone to find out how fast its TSC is, fails
  // on a busy machine, and its seconds then pass many times too fast or too slow.
  "pmtmr=0x608",
  "lsm=lockdown",
  // The BIOS probe writes to the first serial port.
  "edd=off",
  "panic=-1",
];

export async function bootGuest(options: GuestOptions = {}): Promise<Guest> {
  await needQemu("amd64", "replay a recording: kmemtap demo --recorded");
  const kernel = findBootKernel();
  const dir = await mkdtemp(join(tmpdir(), "kmemtap-guest-"));
  const guardian = startGuardian(dir);
  const files = { trace: join(dir, "trace.log"), console: join(dir, "console.log"), copy: join(dir, "copy.log") };
  try {
    const initramfs = join(dir, "initramfs.cpio");
    await buildInitramfs(kernel, { init: "boot-init.sh", modules: MODULES }, dir, initramfs);
    const nonce = newNonce();
    const parameters = [
      ...KERNEL_PARAMETERS,
      options.copy === true ? "kmemtap.copy" : `kmemtap.nonce=${nonce}`,
      ...(options.append ?? []),
    ];
    const devices = [files.trace, files.console, files.copy].flatMap((file) => ["-serial", `file:${file}`]);
    const { vmlinuz } = kernel;
    const qemu = startEmulator(
      { arch: kernel.arch, vmlinuz, initramfs, parameters, cpus: 1, memoryMb: 512, devices },
      guardian,
    );
    return runningGuest(qemu, { release: kernel.release, nonce }, dir, files, guardian);
  } catch (thrown) {
    guardian.dismiss();
    await rm(dir, { recursive: true, force: true });
    throw thrown;
  }
}

function runningGuest(
  qemu: Emulator,
  { release, nonce }: Pick<Guest, "release" | "nonce">,
  dir: string,
  files: Guest["files"],
  guardian: Guardian,
): Guest {
  const source = followFile(files.trace, { label: `qemu: Linux ${release}` });
  const consoleFile = followFile(files.console);
  const exited = guestEnd(qemu.exited, files.console);
  void exited.then(({ failure }) => {
    source.writerGone(failure);
    consoleFile.writerGone();
  });
  return {
    source,
    reports: reportsOn(consoleFile),
    release,
    nonce,
    files,
    pid: qemu.pid,
    exited,
    close: async () => {
      await Promise.all([source.close(), consoleFile.close()]);
      qemu.kill();
      await qemu.exited;
      guardian.dismiss();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function reportsOn(consoleFile: ByteSource): Observable<TargetReport> {
  const reports = async function* () {
    for await (const run of consoleFile.runs) {
      for await (const line of linesOf(run.bytes)) {
        const report = parseGuestReport(line);
        if (report !== undefined) yield report;
      }
    }
  };
  return defer(() => from(reports())).pipe(share());
}

/** The last lines of the guest's console, to be shown when it failed. */
export async function consoleTail(guest: Guest, lines: number): Promise<string> {
  const text = await readFile(guest.files.console, "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-lines).join("\n");
}
