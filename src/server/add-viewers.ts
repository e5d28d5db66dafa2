/** `/ws`: connections come, are kept alive, and go. */
import type { WebSocket } from "@fastify/websocket";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { WIRE_PROTOCOL } from "../model/wire.ts";
import type { TargetRegistry } from "./registry.ts";
import { Viewer, type ViewerRights } from "./viewer.ts";

const HEARTBEAT_MS = 15_000;
/** How often viewers that were slow, or have a pace, are looked after. */
const LATE_MS = 100;
/** The list of targets at most so often. */
const TARGETS_MS = 1000;
/** Status of a WebSocket closed because of what its peer sent (RFC 6455, 7.4.1). */
const POLICY_VIOLATION = 1008;

/** @returns what ends it */
export function addViewers(
  app: FastifyInstance,
  registry: TargetRegistry,
  rightsOf: (request: FastifyRequest) => ViewerRights,
): () => void {
  const viewers = new Set<Viewer>();
  app.get("/ws", { websocket: true }, (socket, request) => {
    keepAlive(socket);
    const viewer = new Viewer(socket, registry, rightsOf(request));
    viewers.add(viewer);
    socket.on("close", () => {
      viewers.delete(viewer);
      viewer.leave();
    });
    socket.on("error", () => socket.terminate());
    socket.on("message", (data, isBinary) => {
      if (isBinary || !Buffer.isBuffer(data) || !viewer.hear(data.toString()))
        socket.close(POLICY_VIOLATION, `not a message of ${WIRE_PROTOCOL}`);
    });
  });

  const tellTargets = () => {
    if (viewers.size === 0) return;
    const text = JSON.stringify(registry.summaries());
    for (const viewer of viewers) viewer.tellTargets(text);
  };
  const late = setInterval(() => {
    for (const hub of registry.hubs) hub.sendToLate();
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
