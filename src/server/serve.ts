/** HTTP and WebSocket for one live session: the page, `/ws`, `/api/snapshot`, `/api/footprint`, `/healthz`. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fastifyStatic from "@fastify/static";
import fastifyWebsocket from "@fastify/websocket";
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import type { Observable } from "rxjs";
import type { LiveUpdate } from "../capture/live-session.ts";
import { KmemtapError, messageOf, systemCodeOf } from "../model/errors.ts";
import { viewerMessageSchema } from "../model/wire.ts";
import { isLocalRequest, type ListenAddress } from "./local-only.ts";
import { ViewerHub } from "./viewer-hub.ts";

export interface ServeOptions extends ListenAddress {
  readonly logger: FastifyBaseLogger;
  /** Takes any free port when the wanted one is taken. */
  readonly anyPort: boolean;
  /** Gives what the image of a kernel's release takes, kmemtap.size/1 as text; undefined where no kernel is at hand. */
  readonly footprint?: ((release: string | undefined) => Promise<Buffer>) | undefined;
}

export interface RunningServer {
  /** What to open in a browser. */
  readonly url: string;
  close(): Promise<void>;
}

const DASHBOARD = fileURLToPath(new URL("../dashboard/", import.meta.url));
const MAX_VIEWER_MESSAGE_BYTES = 1024;
const HEARTBEAT_MS = 15_000;
/** How often viewers that were slow are looked after. */
const LATE_MS = 500;
/** Status of a WebSocket closed because of what its peer sent (RFC 6455, 7.4.1). */
const POLICY_VIOLATION = 1008;
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Serves the updates until closed. */
export async function serve(updates: Observable<LiveUpdate>, options: ServeOptions): Promise<RunningServer> {
  const hub = new ViewerHub();
  const app = fastify({
    loggerInstance: options.logger,
    forceCloseConnections: true,
    logController: new LogController({ disableRequestLogging: true }),
  });
  guard(app);
  await app.register(fastifyWebsocket, { options: { maxPayload: MAX_VIEWER_MESSAGE_BYTES } });
  if (existsSync(DASHBOARD)) await app.register(fastifyStatic, { root: DASHBOARD });
  addViewers(app, hub);
  addApi(app, hub);
  addFootprint(app, hub, options.footprint);

  const subscription = updates.subscribe((update) => hub.publish(update));
  const late = setInterval(() => hub.sendToLate(), LATE_MS);
  try {
    const url = await listen(app, options);
    return {
      url,
      close: async () => {
        subscription.unsubscribe();
        clearInterval(late);
        for (const client of app.websocketServer.clients) client.terminate();
        await app.close();
      },
    };
  } catch (thrown) {
    subscription.unsubscribe();
    clearInterval(late);
    throw thrown;
  }
}

function guard(app: FastifyInstance): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.header("content-security-policy", CONTENT_SECURITY_POLICY);
    reply.header("x-content-type-options", "nosniff");
    reply.header("referrer-policy", "no-referrer");
    if (!isLocalRequest(request.headers.host, request.headers.origin)) {
      // Nobody reads the socket of an upgrade that was refused: it would stay open for ever.
      if (request.headers.upgrade !== undefined) reply.raw.once("finish", () => request.raw.socket.destroy());
      await reply.code(403).send({ error: "kmemtap answers requests from this machine only" });
    }
  });
}

function addViewers(app: FastifyInstance, hub: ViewerHub): void {
  app.get("/ws", { websocket: true }, (socket) => {
    let alive = true;
    // A peer that went away without a word (a closed laptop) answers no ping.
    const heartbeat = setInterval(() => {
      if (!alive) {
        socket.terminate();
        return;
      }
      alive = false;
      socket.ping();
    }, HEARTBEAT_MS);
    socket.on("pong", () => (alive = true));
    socket.on("close", () => {
      clearInterval(heartbeat);
      hub.remove(socket);
    });
    socket.on("error", () => socket.terminate());
    socket.on("message", (data) => {
      if (Buffer.isBuffer(data) && isResync(data.toString())) hub.resync(socket);
      else socket.close(POLICY_VIOLATION, "not a message of kmemtap.wire/1");
    });
    hub.add(socket);
  });
}

function isResync(text: string): boolean {
  try {
    return viewerMessageSchema.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

function addApi(app: FastifyInstance, hub: ViewerHub): void {
  app.get("/healthz", () => ({ status: "ok", link: hub.latest?.link.status ?? "starting", viewers: hub.viewers }));

  app.get<{ Querystring: { run?: string } }>("/api/snapshot", async (request, reply) => {
    const { latest } = hub;
    const { run } = request.query;
    if (latest === undefined) return reply.code(503).send({ error: "nothing was captured yet: ask again in a second" });
    if (run === undefined || Number(run) === latest.snapshot.source.run) return latest.snapshot;
    const previous = latest.previousRuns.find(({ summary }) => summary.run === Number(run));
    return previous?.snapshot ?? reply.code(404).send({ error: `run ${run} is not kept` });
  });
}

function addFootprint(app: FastifyInstance, hub: ViewerHub, footprint: ServeOptions["footprint"]): void {
  app.get("/api/footprint", async (_request, reply) => {
    if (footprint === undefined) return reply.code(404).send({ error: "no kernel is at hand: start kmemtap with -k" });
    try {
      return await reply.type("application/json").send(await footprint(hub.latest?.snapshot.release));
    } catch (thrown) {
      return reply.code(502).send({ error: messageOf(thrown) });
    }
  });
}

async function listen(app: FastifyInstance, { host, port, anyPort }: ServeOptions): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (thrown) {
    if (systemCodeOf(thrown) === "EADDRINUSE" && anyPort) return app.listen({ host, port: 0 });
    throw new KmemtapError("server/listen", `cannot listen on ${host}:${String(port)}: ${messageOf(thrown)}`, {
      nextStep: "choose another address: --serve 127.0.0.1:0 takes any free port",
      cause: thrown,
    });
  }
}
