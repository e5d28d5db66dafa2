/** HTTP and WebSocket for all targets of a registry: the page, `/ws`, `/api`, `/healthz`. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fastifyStatic from "@fastify/static";
import fastifyWebsocket from "@fastify/websocket";
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import { KmemtapError, messageOf, systemCodeOf } from "../model/errors.ts";
import { addInside } from "./api/add-inside.ts";
import { addTargets } from "./api/add-targets.ts";
import { addViewers } from "./add-viewers.ts";
import { isLocalRequest, type ListenAddress } from "./local-only.ts";
import type { TargetRegistry } from "./registry.ts";

export interface ServeOptions extends ListenAddress {
  readonly logger: FastifyBaseLogger;
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

const DASHBOARD = fileURLToPath(new URL("../dashboard/", import.meta.url));
const MAX_VIEWER_MESSAGE_BYTES = 64 * 1024;
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Serves the registry's targets until closed; targets may be added and removed meanwhile. */
export async function serve(registry: TargetRegistry, options: ServeOptions): Promise<RunningServer> {
  const app = fastify({
    loggerInstance: options.logger,
    forceCloseConnections: true,
    logController: new LogController({ disableRequestLogging: true }),
  });
  guard(app);
  await app.register(fastifyWebsocket, { options: { maxPayload: MAX_VIEWER_MESSAGE_BYTES } });
  if (existsSync(DASHBOARD)) await app.register(fastifyStatic, { root: DASHBOARD });
  const endViewers = addViewers(app, registry, () => ({ control: true }));
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
