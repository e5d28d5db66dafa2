/** `serial:` and `pty:`. */
import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { SerialPort } from "serialport";
import { KmemtapError, messageOf, systemCodeOf } from "../model/errors.ts";
import type { DuplexStream } from "../model/ports.ts";
import type { SerialTarget } from "../model/target.ts";
import { type TtyPort, TtyStream } from "./tty-stream.ts";

const DEFAULT_BAUD = 115_200;

/**
 * Opens the device, raw. Its bytes never end by themselves: they throw when the device vanished; it can be opened again by its
 * path when it is back.
 *
 * @throws {KmemtapError} `link/unreachable`, `link/refused`; from the stream `link/lost`
 */
export async function openSerial(target: SerialTarget): Promise<DuplexStream> {
  const device = await deviceAt(target.path);
  try {
    const port = await SerialPort.binding.open({ path: target.path, lock: true, ...lineSettings(target) });
    return new TtyStream(target.path, port as unknown as TtyPort, device);
  } catch (thrown) {
    throw cannotOpen(target.path, thrown);
  }
}

/** A pty has no line: it is opened as one that works on every system, whatever its other side does with the bytes. */
function lineSettings(target: SerialTarget) {
  if (target.kind === "pty") return { baudRate: DEFAULT_BAUD };
  const { parity, dataBits, stopBits, flow } = target;
  const xon = flow === "xonxoff";
  return {
    baudRate: target.baud ?? DEFAULT_BAUD,
    parity,
    dataBits,
    stopBits,
    rtscts: flow === "rtscts",
    xon,
    xoff: xon,
  };
}

async function deviceAt(path: string): Promise<Stats> {
  let device: Stats;
  try {
    device = await stat(path);
  } catch (cause) {
    const missing = systemCodeOf(cause) === "ENOENT";
    throw new KmemtapError("link/unreachable", missing ? `there is no ${path}` : `${path}: ${messageOf(cause)}`, {
      nextStep: "check the cable and the name: ls /dev/serial/by-id /dev/ttyUSB* /dev/ttyACM* /dev/ttyS* /dev/pts",
      cause,
    });
  }
  if (device.isCharacterDevice()) return device;
  throw new KmemtapError("link/unreachable", `${path} is not a device`, {
    nextStep: device.isFile()
      ? `to read a serial port's backing file use file://${path}`
      : "give a device such as /dev/ttyUSB0 or /dev/pts/3",
  });
}

/** The binding's errors have a text and no code. */
function cannotOpen(path: string, cause: unknown): KmemtapError {
  const text = messageOf(cause).replace(/^Error:? /, "");
  if (/lock port|busy/i.test(text))
    return new KmemtapError("link/refused", `${path} is in use by another program`, {
      nextStep: `end it first: fuser -v ${path}`,
      cause,
    });
  if (/permission denied/i.test(text))
    return new KmemtapError("link/refused", `this user may not open ${path}`, {
      nextStep: "join the group that owns it (dialout on Debian), or run as root",
      cause,
    });
  return new KmemtapError("link/unreachable", `${path} cannot be opened: ${text}`, {
    nextStep: "check that it is a serial port and that it can do these settings (stty -F DEVICE -a)",
    cause,
  });
}
