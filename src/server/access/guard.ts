/** What every request passes before anything else sees it: limits, where it is from, who asks. */
import fastifyRateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Access } from "./access.ts";
import type { ActLog } from "./act-log.ts";
import { refusalOf } from "./request-origin.ts";
import { TICKET_SECONDS } from "./tickets.ts";
import type { Bearer } from "./tokens.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Whose it is; null for what anybody may have: the page itself. */
    bearer: Bearer | null;
  }
  interface FastifyContextConfig {
    /** Anybody may have it, token or not: it tells nothing of a target. */
    open?: boolean;
  }
}

/** What every answer has. */
export const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/** The page's own files, which tell nothing; all else is guarded unless it says that it is open. */
const PAGE = new Set(["/", "/*"]);

export async function guard(app: FastifyInstance, access: Access, acts: Pick<ActLog, "refusedToken">): Promise<void> {
  await app.register(fastifyRateLimit, { global: false, max: access.limits.requestsPerSecond, timeWindow: 1000 });
  const limit = app.createRateLimit();
  app.decorateRequest("bearer", null);
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    const { headers } = request;
    const use = await limit(request);
    if (!use.isAllowed && use.isExceeded) {
      reply.header("retry-after", use.ttlInSeconds);
      return refuse(request, reply, 429, "too many requests", "ask less often");
    }
    const refusal = refusalOf(headers, access.origin);
    if (refusal !== undefined)
      return refuse(request, reply, 403, refusal, "access.hosts names who may ask it: docs/access.md");
    const isUpgrade = headers.upgrade !== undefined;
    // Else the plug-in would open a WebSocket wherever a page may be had without a token, and past the limit.
    if (isUpgrade && request.routeOptions.url !== "/ws")
      return refuse(request, reply, 400, "this is no WebSocket", "ask /ws for one: docs/wire.md");
    const asked = {
      peer: request.raw.socket.remoteAddress,
      authorization: headers.authorization,
      protocols: isUpgrade ? headers["sec-websocket-protocol"] : undefined,
    };
    const bearer = access.bearerOf(asked);
    request.bearer = bearer ?? null;
    const { url, config } = request.routeOptions;
    const isOpen = config.open === true || url === undefined || PAGE.has(url);
    if (bearer?.rights.read === true || isOpen) return undefined;
    // A page that was opened without one asks for it: that is no attempt.
    if (access.isOffered(asked)) acts.refusedToken(request.ip, url);
    reply.header("www-authenticate", "Bearer");
    return refuse(request, reply, 401, "a token is needed", "send it as Authorization: Bearer TOKEN: docs/access.md");
  });

  app.post("/api/tickets", { bodyLimit: 1024 }, ({ bearer }) => {
    if (bearer === null) throw new Error("a request that was let in is somebody's");
    return { ticket: access.tickets.issue(bearer), seconds: TICKET_SECONDS, rights: bearer.rights };
  });
}

/** Answers in place of what was asked for. */
export function refuse(request: FastifyRequest, reply: FastifyReply, status: number, error: string, help: string) {
  // Nobody reads the socket of an upgrade that was refused: it would stay open for ever.
  if (request.headers.upgrade !== undefined) reply.raw.once("finish", () => request.raw.socket.destroy());
  return reply.code(status).send({ error, help });
}
