/** The lines between a guest and this machine: what QEMU is told, what the guest calls them, what one opens here. */
import { join } from "node:path";

/** How a line ends on this machine. Where no path is given, one in the guest's own directory is made up. */
export type SerialEnd =
  { readonly kind: "unix" | "file"; readonly path?: string } | { readonly kind: "pty" } | { readonly kind: "tcp" };

/** A line into the guest. */
export type SerialSpec = SerialEnd & {
  /**
   * What the guest sees. `uart`, the default: an emulated 16550, a terminal, ttyS0 and on, at most three on a PC. `port`: a
   * virtio serial port, many times as fast, but a plain file with no terminal about it: no echo, no prompt, no Ctrl-C.
   *
   * Not a virtio console (hvc0), which is both: QEMU 7.2 silently drops what its reader does not take at once
   * (hw/char/virtio-console.c, flush_buf).
   */
  readonly device?: "uart" | "port";
  /** Who is at its guest's end: a root shell, a login prompt, nobody. `shell` by default, but on a file. */
  readonly runs?: "shell" | "login" | "nothing";
  /** A port's name: `/dev/virtio-ports/NAME` in the guest. */
  readonly name?: string;
};

export interface GuestSerial {
  readonly kind: SerialEnd["kind"];
  /** As a target of the command line: `unix:///…`, `tcp://127.0.0.1:PORT`, `pty:///dev/pts/N`, `file:///…`. */
  readonly target: string;
  /** Of the socket, the file or the pseudo-terminal; empty for tcp. */
  readonly path: string;
  /** For tcp, on 127.0.0.1; 0 for others. */
  readonly port: number;
  /** `/dev/ttyS0`, `/dev/hvc0`, `/dev/virtio-ports/NAME` */
  readonly guestDevice: string;
}

/** A line with its place among the others. */
export interface SerialLine {
  readonly spec: SerialSpec;
  /** QEMU's name for this end. */
  readonly id: string;
  readonly path: string;
  /** Below /dev in the guest. */
  readonly device: string;
}

const PORTS = "virtio-ports/";

/** @param uart the guest's name for one, without its number */
export function layOut(specs: readonly SerialSpec[], dir: string, uart = "ttyS"): SerialLine[] {
  let uarts = 0;
  return specs.map((spec, i) => {
    const name = spec.name ?? `line${i}`;
    const device = spec.device === "port" ? `${PORTS}${name}` : `${uart}${uarts++}`;
    const path = ("path" in spec ? spec.path : undefined) ?? join(dir, `${name}.${spec.kind}`);
    return { spec, id: `line${i}`, path, device };
  });
}

/** QEMU's arguments for the lines; the kernel's console, written to `consoleFile`, is the UART after the last. */
export function serialArguments(lines: readonly SerialLine[], consoleFile: string): string[] {
  const ports = lines.filter(({ spec }) => spec.device === "port");
  return [
    ...lines.flatMap((line) => ["-chardev", charDevice(line)]),
    ...uartsOf(lines).flatMap(({ id }) => ["-serial", `chardev:${id}`]),
    ...["-serial", `file:${consoleFile}`],
    ...(ports.length > 0 ? ["-device", "virtio-serial-pci"] : []),
    ...ports.flatMap(({ id, device }) => [
      "-device",
      `virtserialport,chardev=${id},name=${device.slice(PORTS.length)}`,
    ]),
  ];
}

/** Below /dev in the guest. */
export function consoleDevice(lines: readonly SerialLine[], uart = "ttyS"): string {
  return `${uart}${uartsOf(lines).length}`;
}

export function uartsOf(lines: readonly SerialLine[]): SerialLine[] {
  return lines.filter(({ spec }) => spec.device !== "port");
}

/** The devices at whose guest's end that program is. */
export function devicesThatRun(program: "shell" | "login", lines: readonly SerialLine[]): string[] {
  const runs = ({ spec }: SerialLine) => spec.runs ?? (spec.kind === "file" ? "nothing" : "shell");
  return lines.filter((line) => runs(line) === program).map(({ device }) => device);
}

/** @param filename what QEMU says of the line's end on this machine: `pty:/dev/pts/3`, `disconnected:tcp:127.0.0.1:41231,…` */
export function guestSerial(line: SerialLine, filename: string): GuestSerial {
  const { kind } = line.spec;
  const port = kind === "tcp" ? Number(/tcp:127\.0\.0\.1:(\d+)/.exec(filename)?.[1]) : 0;
  const path = kind === "tcp" ? "" : kind === "pty" ? filename.replace(/^pty:/, "") : line.path;
  return {
    kind,
    path,
    port,
    target: kind === "tcp" ? `tcp://127.0.0.1:${port}` : `${kind}://${path}`,
    guestDevice: `/dev/${line.device}`,
  };
}

/** A comma in a value is doubled (QEMU's option syntax). */
function charDevice({ spec, id, path }: SerialLine): string {
  const value = path.replaceAll(",", ",,");
  switch (spec.kind) {
    case "unix":
      return `socket,id=${id},path=${value},server=on,wait=off`;
    case "tcp":
      return `socket,id=${id},host=127.0.0.1,port=0,server=on,wait=off`;
    case "pty":
      return `pty,id=${id}`;
    case "file":
      return `file,id=${id},path=${value}`;
  }
}
