/**
 * A slow cable: passes bytes between whoever connects and a socket behind it, so many a second each way, as a UART does.
 *
 * What it has no room for stays where it is, so that the fast side is held up: QEMU's UART writes byte by byte, of which
 * a socket's buffer holds a few hundred, and waits then.
 */
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";

export type Endpoint = { readonly path: string } | { readonly port: number };

export interface Throttle {
  /** Bytes that have gone through, from the target (`received`) and to it (`sent`). */
  readonly counts: { readonly received: number; readonly sent: number };
  /** For a listener on tcp: the port it got. */
  readonly port: number;
  /** Pulls the cable: both sides see the connection break, and nobody gets through until {@link resume}. */
  cut(): Promise<void>;
  /** The cable stays, but carries nothing: what a hung terminal server looks like. */
  stall(): void;
  /** After {@link cut} or {@link stall}. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

/** The most that one turn of the pump may pass, in time: after a pause the line is not faster than it is. */
const BURST_MS = 50;
const TURN_MS = 5;
/** Taken from the fast side at once. */
const PIECE_BYTES = 256;

/**
 * @param listen where to wait for connections (port 0: any), one at a time
 * @param target where to connect to for each
 */
export async function throttle(listen: Endpoint, target: Endpoint, bytesPerSecond: number): Promise<Throttle> {
  const counts = { received: 0, sent: 0 };
  const open = new Set<Socket>();
  const pumps = new Set<Pump>();
  let stalled = false;
  // Node reads ahead up to this: a few turns' worth, not the 16 KiB that a slow line takes more than a second for.
  const reading = { highWaterMark: Math.max(PIECE_BYTES, (bytesPerSecond * 4 * TURN_MS) / 1000) };
  const join = (client: Socket) => {
    const device = connect({
      ...("path" in target ? { path: target.path } : { port: target.port, host: "127.0.0.1" }),
      ...reading,
    });
    const down = pump(device, client, bytesPerSecond, (bytes) => (counts.received += bytes));
    const up = pump(client, device, bytesPerSecond, (bytes) => (counts.sent += bytes));
    for (const socket of [client, device]) open.add(socket.on("error", () => undefined));
    for (const each of [down, up]) {
      pumps.add(each);
      each.stall(stalled);
    }
    // What is on its way when one side leaves is gone, as on a cable.
    const end = () => {
      for (const socket of [client, device]) {
        socket.destroy();
        open.delete(socket);
      }
      for (const each of [down, up]) {
        each.stop();
        pumps.delete(each);
      }
    };
    client.on("close", end);
    device.on("close", end);
  };
  let server: Server | undefined = await listening(listen, reading, join);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const again: Endpoint = "path" in listen ? listen : { port };
  const cut = async () => {
    for (const socket of open) socket.destroy();
    if (server === undefined) return;
    const closed = once(server, "close");
    server.close();
    server = undefined;
    await closed;
    if ("path" in listen) await rm(listen.path, { force: true });
  };
  const stall = (on: boolean) => {
    stalled = on;
    for (const each of pumps) each.stall(on);
  };
  return {
    counts,
    port,
    cut,
    stall: () => stall(true),
    resume: async () => {
      stall(false);
      server ??= await listening(again, reading, join);
    },
    close: cut,
  };
}

interface Pump {
  stall(on: boolean): void;
  stop(): void;
}

/** Moves bytes in small turns; reads no more than it can pass on. */
function pump(from: Socket, to: Socket, bytesPerSecond: number, count: (bytes: number) => void): Pump {
  const burst = Math.max(1, (bytesPerSecond * BURST_MS) / 1000);
  let budget = 0;
  let last = performance.now();
  let held: Buffer | undefined;
  let stalled = false;
  // Read by hand, so that Node's own buffer fills and then the kernel's.
  from.pause();
  const turn = () => {
    const now = performance.now();
    budget = Math.min(burst, budget + ((now - last) * bytesPerSecond) / 1000);
    last = now;
    while (!stalled && budget >= 1 && !to.writableNeedDrain && !to.destroyed) {
      held ??= take(from);
      if (held === undefined) return;
      const piece = held.subarray(0, Math.floor(budget));
      held = piece.length < held.length ? held.subarray(piece.length) : undefined;
      budget -= piece.length;
      count(piece.length);
      to.write(piece);
    }
  };
  const timer = setInterval(turn, TURN_MS);
  return { stall: (on) => (stalled = on), stop: () => clearInterval(timer) };
}

function take(from: Socket): Buffer | undefined {
  if (from.readableLength === 0) {
    // Starts a read of what the kernel has.
    from.read(0);
    return undefined;
  }
  return (from.read(Math.min(PIECE_BYTES, from.readableLength)) as Buffer | null) ?? undefined;
}

async function listening(
  at: Endpoint,
  reading: { readonly highWaterMark: number },
  onConnection: (socket: Socket) => void,
): Promise<Server> {
  const server = createServer({ pauseOnConnect: true, ...reading }, onConnection);
  server.listen("path" in at ? { path: at.path } : { port: at.port, host: "127.0.0.1" });
  await once(server, "listening");
  return server;
}
