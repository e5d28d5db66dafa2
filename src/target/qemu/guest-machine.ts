/** What QEMU emulates for a guest of each architecture, by Debian's names for them. */

export type GuestArch = "amd64" | "arm64" | "armhf";

export interface GuestMachine {
  readonly qemu: string;
  /** Debian's package that has it. */
  readonly debianPackage: string;
  readonly arguments: readonly string[];
  /** The guest's name for a UART, without its number. */
  readonly uart: string;
  /** UARTs beside that of the kernel's console. */
  readonly uarts: number;
  /** Words for the kernel's command line. */
  readonly parameters: readonly string[];
}

/** The board that QEMU has for guests. Its one UART is a PL011. */
const VIRT = { debianPackage: "qemu-system-arm", uart: "ttyAMA", uarts: 0, parameters: [] } as const;

export const GUEST_MACHINES: Readonly<Record<GuestArch, GuestMachine>> = {
  amd64: {
    qemu: "qemu-system-x86_64",
    debianPackage: "qemu-system-x86",
    arguments: ["-M", "pc", "-cpu", "max"],
    uart: "ttyS",
    // The ISA machine has four.
    uarts: 3,
    // The BIOS probe writes to the first serial port.
    parameters: ["edd=off"],
  },
  // Pointers are signed in every function: the architecture's own way of it takes half of the emulator's time.
  arm64: { ...VIRT, qemu: "qemu-system-aarch64", arguments: ["-M", "virt", "-cpu", "max,pauth-impdef=on"] },
  // Without large addresses a kernel finds nothing above 4 GB, where the bus would be.
  armhf: { ...VIRT, qemu: "qemu-system-arm", arguments: ["-M", "virt,highmem=off", "-cpu", "max"] },
};
