/** `/api/targets`, and what is asked of one. */
import type { FastifyInstance } from "fastify";
import { messageOf } from "../../model/errors.ts";
import type { TargetRegistry } from "../registry.ts";

export function addTargets(app: FastifyInstance, registry: TargetRegistry): void {
  // Whoever looks after processes has no token: it gets no more than that this one lives.
  app.get("/healthz", { config: { open: true } }, ({ bearer }) => ({
    status: "ok",
    ...(bearer !== null && {
      viewers: app.websocketServer.clients.size,
      targets: Object.fromEntries(registry.summaries().map(({ id, state }) => [id, state])),
    }),
  }));

  app.get("/api/targets", () => ({ targets: registry.summaries() }));

  app.get<{ Params: { id: string }; Querystring: { run?: string } }>(
    "/api/targets/:id/snapshot.json",
    async (request, reply) => {
      const hub = registry.hub(request.params.id);
      const { run } = request.query;
      if (hub === undefined) return reply.code(404).send({ error: "there is no such target: see /api/targets" });
      if (hub.latest === undefined)
        return reply.code(503).send({ error: "nothing was captured yet: ask again in a second" });
      return (
        hub.snapshotOf(run === undefined ? undefined : Number(run)) ??
        reply.code(404).send({ error: `run ${String(run)} is not kept` })
      );
    },
  );

  app.get<{ Params: { id: string } }>("/api/targets/:id/footprint", async (request, reply) => {
    const { footprint } = registry.target(request.params.id) ?? {};
    if (footprint === undefined) return reply.code(404).send({ error: "no kernel is at hand: start kmemtap with -k" });
    try {
      const release = registry.hub(request.params.id)?.latest?.snapshot.release;
      return await reply.type("application/json").send(await footprint(release));
    } catch (thrown) {
      return reply.code(502).send({ error: messageOf(thrown) });
    }
  });
}
