/** QEMU's monitor: asks QEMU itself, whatever the guest does (QEMU's QMP: a JSON object a line). */
import { createInterface } from "node:readline";
import { z } from "zod";
import { KmemtapError } from "../../model/errors.ts";
import { type Emulator, MONITOR_FD } from "./emulator.ts";

export interface Monitor {
  /** Where QEMU put a character device, by its id: `pty:/dev/pts/3`, `disconnected:tcp:127.0.0.1:41231,server=on`. */
  charDevices(): Promise<ReadonlyMap<string, string>>;
  /** A command of the monitor for people, and what it printed. */
  human(commandLine: string): Promise<string>;
  /** Presses the reset button. */
  reset(): Promise<void>;
  /** Stops the guest's processors, or lets them go on. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/** QEMU's arguments that put a monitor at the emulator's other end. */
export const MONITOR_ARGUMENTS = [
  ...["-chardev", `socket,id=monitor,fd=${MONITOR_FD}`],
  ...["-mon", "chardev=monitor,mode=control"],
];

const messageSchema = z.object({
  return: z.unknown().optional(),
  error: z.object({ desc: z.string() }).optional(),
  event: z.string().optional(),
  QMP: z.unknown().optional(),
});
const charDevicesSchema = z.array(z.object({ label: z.string(), filename: z.string() }));

/** @throws {KmemtapError} `target/failed` with QEMU's reason when it ended instead of answering; so does each command */
export async function openMonitor(emulator: Emulator): Promise<Monitor> {
  const waiting: ((answer: z.infer<typeof messageSchema>) => void)[] = [];
  const lines = createInterface({ input: emulator.monitor });
  // Passed on from the stream, whose breaking `exited` explains.
  lines.on("error", () => undefined);
  lines.on("line", (line) => {
    const message = messageSchema.parse(JSON.parse(line));
    // An answer comes in the order of the questions; events and the greeting come by themselves.
    if (message.event === undefined && message.QMP === undefined) waiting.shift()?.(message);
  });
  const execute = async (command: string, parameters: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const answer = new Promise<z.infer<typeof messageSchema>>((resolve) => waiting.push(resolve));
    emulator.monitor.write(`${JSON.stringify({ execute: command, arguments: parameters })}\n`);
    const result = await Promise.race([answer, emulator.exited]);
    if ("reason" in result) throw monitorError(result.reason);
    if (result.error !== undefined) throw monitorError(`QEMU refused ${command}: ${result.error.desc}`);
    return result.return;
  };
  await execute("qmp_capabilities");
  return {
    charDevices: async () => {
      const devices = charDevicesSchema.parse(await execute("query-chardev"));
      return new Map(devices.map(({ label, filename }) => [label, filename]));
    },
    human: async (commandLine) =>
      z.string().parse(await execute("human-monitor-command", { "command-line": commandLine })),
    reset: async () => {
      await execute("system_reset");
    },
    pause: async () => {
      await execute("stop");
    },
    resume: async () => {
      await execute("cont");
    },
  };
}

function monitorError(message: string): KmemtapError {
  return new KmemtapError("target/failed", message, { nextStep: "check the guest's options" });
}
