/** HTTP and WebSocket for all targets of a registry: the page, `/ws`, `/api`, `/healthz`. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import fastifyWebsocket from "@fastify/websocket";
import fastify, { type FastifyBaseLogger, type FastifyError, type FastifyInstance, LogController } from "fastify";
import { KmemtapError, messageOf, systemCodeOf } from "../model/errors.ts";
import { PACKAGE_ROOT } from "../model/package-root.ts";
import { addHealth } from "./api/add-health.ts";
import { addInside } from "./api/add-inside.ts";
import { addTargets } from "./api/add-targets.ts";
import { addViewers } from "./add-viewers.ts";
import { addTurns } from "./access/add-turns.ts";
import { Access, type AccessSettings } from "./access/access.ts";
import { ActLog } from "./access/act-log.ts";
import { boundSockets } from "./access/bound-sockets.ts";
import { guard, refuse, SECURITY_HEADERS } from "./access/guard.ts";
import type { ListenAddress } from "./access/listen-address.ts";
import type { TargetRegistry } from "./registry.ts";

export interface ServeOptions extends ListenAddress {
  /** Has what viewers do to targets (info), who was refused, and defects. */
  readonly logger: FastifyBaseLogger;
  readonly access: AccessSettings;
  /** Takes any free port when the wanted one is taken. */
  readonly anyPort: boolean;
  /** More to be served, such as `/metrics`; behind the same guard. */
  readonly routes?: ((app: FastifyInstance) => void) | undefined;
}

export interface RunningServer {
  /** What to open in a browser. */
  readonly url: string;
  close(): Promise<void>;
}

const DASHBOARD = join(PACKAGE_ROOT, "dist", "dashboard");
const MAX_VIEWER_MESSAGE_BYTES = 64 * 1024;
const MAX_BODY_BYTES = 64 * 1024;
/** For a whole request to arrive. */
const REQUEST_MS = 30_000;
/** For a socket on which nothing goes on, but a WebSocket's: who takes nothing of a long answer would keep it in memory. */
const IDLE_MS = 120_000;
/** What the page offers beside its ticket (Sec-WebSocket-Protocol); others need offer nothing. */
const SUBPROTOCOL = "kmemtap.wire.2";

const ADDRESSES = "GET /api/openapi.json lists what there is";

/**
 * Serves the registry's targets until closed; targets may be added and removed meanwhile.
 *
 * @throws {KmemtapError} `cli/usage` where the address would be open to others without a token, `server/listen`
 */
export async function serve(registry: TargetRegistry, options: ServeOptions): Promise<RunningServer> {
  const access = new Access(options, options.access);
  const acts = new ActLog(options.logger);
  const app = fastify({
    loggerInstance: quietly(options.logger),
    forceCloseConnections: true,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_MS,
    connectionTimeout: IDLE_MS,
    // Whom a proxy speaks for is counted, not the proxy.
    trustProxy: access.proxies.length > 0 ? [...access.proxies] : false,
    // No hook sees an address that does not read.
    frameworkErrors: (error, request, reply) => {
      void refuse(
        request,
        reply.headers(SECURITY_HEADERS),
        error.statusCode ?? 400,
        "the address does not read",
        ADDRESSES,
      );
    },
  });
  boundSockets(app.server, access);
  await guard(app, access, acts);
  app.addHook("onClose", () => acts.close());
  addTurns(app);
  app.setNotFoundHandler((request, reply) =>
    refuse(request, reply, 404, "there is nothing at that address", ADDRESSES),
  );
  // Too large a body, an address that leaves the page's directory: fastify's own refusals, in the form of all others.
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return refuse(request, reply, status, lowerFirst(error.message), ADDRESSES);
    request.log.error(error);
    return refuse(request, reply, status, "a defect of kmemtap", "its log has the stack: report it with that");
  });
  await app.register(fastifyWebsocket, {
    // What a viewer sends is no defect of ours: a line of the log each, and no stack.
    errorHandler: (error, socket, request) => {
      if (systemCodeOf(error)?.startsWith("WS_ERR_") === true) request.log.warn(`a viewer: ${error.message}`);
      else request.log.error(error);
      socket.terminate();
    },
    // Of what is offered the protocol's name is taken, and never the ticket said back.
    options: {
      maxPayload: MAX_VIEWER_MESSAGE_BYTES,
      handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
    },
  });
  if (existsSync(DASHBOARD)) await app.register(fastifyStatic, { root: DASHBOARD });
  const endViewers = addViewers(app, registry, access.limits, acts);
  addHealth(app, registry);
  addTargets(app, registry);
  addInside(app, registry);
  options.routes?.(app);
  try {
    const url = await listen(app, options);
    return {
      url,
      close: async () => {
        endViewers();
        await app.close();
      },
    };
  } catch (thrown) {
    endViewers();
    throw thrown;
  }
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

/** Where it listens is said elsewhere, and of each request nothing. */
function quietly(logger: FastifyBaseLogger): FastifyBaseLogger {
  return ["trace", "debug", "info"].includes(logger.level) ? logger.child({}, { level: "warn" }) : logger;
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
