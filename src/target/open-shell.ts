/** From a target to a shell on it, over whatever link there is. */
import { setTimeout as sleep } from "node:timers/promises";
import type { AskSecret, LinkFacts, RunningScript, Shell } from "../model/ports.ts";
import type { ShellTarget } from "../model/target.ts";
import { localShell } from "../transport/local-shell.ts";
import { openSerial } from "../transport/serial-port.ts";
import { connectSocket, labelOf } from "../transport/socket.ts";
import { connectSsh } from "../transport/ssh/connect-ssh.ts";
import { openConsole } from "./console/open-console.ts";
import type { GuestEnd } from "./qemu/guest-end.ts";
import { bootShellGuest } from "./qemu/shell-guest.ts";

/** Bits of a byte on a UART: a start bit, eight of data, a stop bit. */
const BITS = 10;

/**
 * Reaches the target, and logs in where it must.
 *
 * @throws {KmemtapError} `link/…`, `console/…`, `target/no-qemu`
 */
export async function openShell(target: ShellTarget, ask: AskSecret): Promise<Shell> {
  switch (target.kind) {
    case "local":
      return localShell();
    case "ssh":
      return connectSsh(target, ask);
    case "serial":
    case "pty": {
      const link = linkFacts(target.kind, `${target.kind}://${target.path}`, target.baud);
      return openConsole(await openSerial(target), link, { login: target.login, ask });
    }
    case "unix":
    case "tcp": {
      const address = target.kind === "unix" ? { path: target.path } : { host: target.host, port: target.port };
      const link = linkFacts(target.kind, labelOf(address), target.baud);
      return openConsole(await connectSocket(address), link, { login: target.login, ask });
    }
    case "qemu":
      return bootedShell(ask);
  }
}

/** A guest that lives as long as the shell on it. */
async function bootedShell(ask: AskSecret): Promise<Shell> {
  const guest = await bootShellGuest();
  try {
    const [serial] = guest.serials;
    const link = linkFacts("qemu", `qemu: Linux ${guest.release}`, undefined);
    const shell = await openConsole(await connectSocket({ path: serial.path }), link, { login: {}, ask });
    return {
      link,
      concurrent: false,
      run: (command, options) => shell.run(command, options),
      start: async (script, args) => onGuest(await shell.start(script, args), guest.exited),
      close: async () => {
        await shell.close();
        await guest.close();
      },
    };
  } catch (thrown) {
    await guest.close();
    throw thrown;
  }
}

/** A script whose bytes end with the guest fails as the guest did: the line alone only says that it is gone. */
function onGuest(script: RunningScript, exited: Promise<GuestEnd>): RunningScript {
  const bytes = async function* () {
    try {
      yield* script.bytes;
    } catch (lost) {
      const end = await Promise.race([exited, sleep(GUEST_END_MS, undefined, { ref: false })]);
      throw end?.failure ?? lost;
    }
  };
  const { errorBytes } = script;
  return {
    bytes: bytes(),
    ...(errorBytes !== undefined && { errorBytes }),
    exited: script.exited,
    write: (data) => script.write(data),
    close: () => script.close(),
  };
}

/** QEMU closes its sockets before it is gone. */
const GUEST_END_MS = 2000;

function linkFacts(kind: LinkFacts["kind"], label: string, baud: number | undefined): LinkFacts {
  return { kind, label, ...(baud === undefined ? {} : { bytesPerSecond: baud / BITS }) };
}
