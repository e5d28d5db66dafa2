/** So many sockets, whatever is said on them: without a token too they take descriptors, which the targets and their files need. */
import type { Server } from "node:http";
import { type Access, addressOf } from "./access.ts";
import { Room } from "./room.ts";

/** Beside each WebSocket one for what else its page asks. */
const SOCKETS_EACH = 2;

export function boundSockets(server: Server, { limits, proxies }: Access): void {
  const connections = limits.connections * SOCKETS_EACH;
  const room = new Room({ connections, connectionsPerAddress: limits.connectionsPerAddress * SOCKETS_EACH });
  // All who come by way of a proxy have its address: they are told apart where they ask.
  const ofProxies = new Room({ connections, connectionsPerAddress: connections });
  server.on("connection", (socket) => {
    const address = addressOf(socket.remoteAddress);
    const within = proxies.some((proxy) => addressOf(proxy) === address) ? ofProxies : room;
    if (within.isFull(address)) {
      socket.destroy();
      return;
    }
    within.enter(address);
    socket.once("close", () => within.leave(address));
  });
}
