/** `/healthz`, and what describes the API. */
import type { FastifyInstance } from "fastify";
import type { TargetRegistry } from "../registry.ts";
import { openApi } from "./openapi.ts";

export function addHealth(app: FastifyInstance, registry: TargetRegistry): void {
  // Whoever looks after processes has no token: it gets no more than that this one lives.
  app.get("/healthz", { config: { open: true } }, ({ bearer }) => ({
    status: "ok",
    ...(bearer !== null && {
      viewers: app.websocketServer.clients.size,
      targets: Object.fromEntries(registry.summaries().map(({ id, state }) => [id, state])),
    }),
  }));

  let document: string | undefined;
  app.get("/api/openapi.json", { config: { open: true } }, (_request, reply) => {
    document ??= JSON.stringify(openApi());
    return reply.type("application/json").send(document);
  });
}
