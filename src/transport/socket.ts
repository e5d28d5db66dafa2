/** `unix:` and `tcp:`: QEMU's chardevs, ser2net, a terminal server. */
import { connect, type Socket } from "node:net";
import { KmemtapError, messageOf, systemCodeOf } from "../model/errors.ts";
import type { DuplexStream } from "../model/ports.ts";
import { pull } from "./pull.ts";

export type SocketAddress = { readonly path: string } | { readonly host: string; readonly port: number };

export interface ConnectOptions {
  readonly timeoutMs?: number;
  /** What errors call the other side; its address unless given. */
  readonly label?: string;
}

const CONNECT_MS = 10_000;
/** Rest before the first keep-alive probe; libuv sends ten, one a second, before it gives up. */
const KEEPALIVE_MS = 5000;

/**
 * Connects. The bytes end when the other side closes the connection, and throw when it broke.
 *
 * @throws {KmemtapError} `link/unreachable`, `link/refused`; from the stream `link/lost`
 */
export async function connectSocket(address: SocketAddress, options: ConnectOptions = {}): Promise<DuplexStream> {
  return streamOf(await openSocket(address, options), labelOf(address));
}

/** A socket that is connected: {@link connectSocket} for those who need Node's own. */
export function openSocket(
  address: SocketAddress,
  { timeoutMs = CONNECT_MS, label = labelOf(address) }: ConnectOptions = {},
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_MS });
    const give = (error: KmemtapError) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => give(noAnswer(label, timeoutMs)), timeoutMs);
    const onError = (thrown: Error) => give(cannotConnect(label, thrown));
    socket.once("error", onError);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", onError);
      resolve(socket);
    });
  });
}

function streamOf(socket: Socket, label: string): DuplexStream {
  let closed = false;
  const lost = (cause?: Error | null) =>
    new KmemtapError("link/lost", `${label}: the connection is gone${cause == null ? "" : `: ${cause.message}`}`, {
      nextStep: "check that the other side still runs",
      cause,
    });
  const { bytes, stop } = pull(socket, (thrown) => (thrown === undefined || closed ? undefined : lost(thrown)));
  return {
    bytes,
    write: (data) =>
      new Promise((resolve, reject) => {
        // A socket whose other side has closed is ended by Node: it says so late, or not at all.
        if (closed || !socket.writable) reject(lost());
        // Node calls a write that was under way when the socket broke a success.
        else socket.write(data, (thrown) => (thrown == null && !socket.destroyed ? resolve() : reject(lost(thrown))));
      }),
    close: () => {
      closed = true;
      stop();
      return new Promise((resolve) => {
        if (socket.closed) resolve();
        socket.once("close", () => resolve());
        socket.destroySoon();
        // What the other side does not take must not hold us up.
        setTimeout(() => socket.destroy(), 1000).unref();
      });
    },
  };
}

export function labelOf(address: SocketAddress): string {
  if ("path" in address) return `unix://${address.path}`;
  return `tcp://${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}

function noAnswer(label: string, timeoutMs: number): KmemtapError {
  return new KmemtapError("link/unreachable", `${label} does not answer within ${timeoutMs / 1000} s`, {
    nextStep: "check the address, the network between, and that nothing drops the packets",
  });
}

function cannotConnect(label: string, cause: Error): KmemtapError {
  const code = systemCodeOf(cause);
  if (code === "ECONNREFUSED")
    return new KmemtapError("link/refused", `${label}: nobody listens there`, {
      nextStep: "start the other side, or check the port",
      cause,
    });
  const [what, nextStep] =
    code === "ENOENT"
      ? ["there is no such socket", "check the path; QEMU makes it with -serial unix:PATH,server=on,wait=off"]
      : code === "EACCES" || code === "EPERM"
        ? ["this user may not open it", "check the permissions of the socket and of its directory"]
        : code === "ENOTFOUND" || code === "EAI_AGAIN"
          ? ["no address is known by that name", "check the name, or give the address"]
          : [messageOf(cause), "check the address and the network between"];
  return new KmemtapError("link/unreachable", `${label}: ${what}`, { nextStep, cause });
}
