/** `/ws`: connections come, are kept alive, and go. */
import type { WebSocket } from "@fastify/websocket";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { WIRE_PROTOCOL } from "../model/wire.ts";
import type { AccessLimits } from "./access/access.ts";
import type { ActLog } from "./access/act-log.ts";
import { askerOf } from "./access/add-turns.ts";
import { MessageRate } from "./access/message-rate.ts";
import { Room } from "./access/room.ts";
import type { TargetRegistry } from "./registry.ts";
import { Viewer } from "./viewer.ts";

const HEARTBEAT_MS = 15_000;
/** How often viewers that were slow, or have a pace, are looked after. */
const LATE_MS = 100;
/** The list of targets at most so often. */
const TARGETS_MS = 1000;
/** Status of a WebSocket closed because of what its peer sent (RFC 6455, 7.4.1). */
const POLICY_VIOLATION = 1008;
/** The same, of a server that is full (IANA's registry of WebSocket close codes). */
const TRY_LATER = 1013;

/** @returns what ends it */
export function addViewers(
  app: FastifyInstance,
  registry: TargetRegistry,
  limits: AccessLimits,
  acts: Pick<ActLog, "of">,
): () => void {
  const viewers = new Set<Viewer>();
  const room = new Room(limits);
  app.get("/ws", { websocket: true, onRequest: refuseBeyond(room) }, (socket, request) => {
    // Several may have been let through at once.
    if (room.isFull(request.ip)) {
      socket.close(TRY_LATER, "too many viewers are connected");
      return;
    }
    room.enter(request.ip);
    keepAlive(socket);
    const rights = { control: request.bearer?.rights.control === true };
    const actor = { name: request.bearer?.name ?? "nobody", address: request.ip };
    const viewer = new Viewer(socket, registry, rights, askerOf(request), acts.of(actor));
    viewers.add(viewer);
    socket.on("close", () => {
      room.leave(request.ip);
      viewers.delete(viewer);
      viewer.leave();
    });
    socket.on("error", () => socket.terminate());
    const rate = new MessageRate(limits.messagesPerSecond);
    // A ping is answered, and costs as much as a message.
    socket.on("ping", () => {
      if (!rate.take()) socket.close(POLICY_VIOLATION, "too many messages");
    });
    socket.on("message", (data, isBinary) => {
      // Of who was hung up on, what was under way still comes.
      if (socket.readyState !== socket.OPEN) return;
      if (!rate.take()) socket.close(POLICY_VIOLATION, "too many messages");
      else if (isBinary || !Buffer.isBuffer(data) || !viewer.hear(data.toString()))
        socket.close(POLICY_VIOLATION, `not a message of ${WIRE_PROTOCOL}`);
    });
  });

  const tellTargets = () => {
    if (viewers.size === 0) return;
    const text = JSON.stringify(registry.summaries());
    for (const viewer of viewers) viewer.tellTargets(text);
  };
  let first = 0;
  const late = setInterval(() => {
    const { hubs } = registry;
    // Each target in turn: what one takes is not left to the others.
    first += 1;
    hubs.forEach((_, i) => hubs[(first + i) % hubs.length].sendToLate());
  }, LATE_MS);
  const telling = setInterval(tellTargets, TARGETS_MS);
  const unlisten = registry.onChange(tellTargets);
  return () => {
    clearInterval(late);
    clearInterval(telling);
    unlisten();
    for (const client of app.websocketServer.clients) client.terminate();
  };
}

function refuseBeyond(room: Room) {
  return async ({ ip, raw }: FastifyRequest, reply: FastifyReply) => {
    if (!room.isFull(ip)) return undefined;
    reply.raw.once("finish", () => raw.socket.destroy());
    return reply
      .code(503)
      .send({ error: "too many viewers are connected", help: "close some, or raise access.limits" });
  };
}

/** A peer that went away without a word (a closed laptop) answers no ping. */
function keepAlive(socket: WebSocket): void {
  let alive = true;
  const heartbeat = setInterval(() => {
    if (!alive) {
      socket.terminate();
      return;
    }
    alive = false;
    socket.ping();
  }, HEARTBEAT_MS);
  socket.on("pong", () => (alive = true));
  socket.on("close", () => clearInterval(heartbeat));
}
