/** What a target's account knows beyond its snapshot: sizes and stacks, and the account of a workload. */
import type { FastifyInstance } from "fastify";
import type { TargetRegistry } from "../registry.ts";

export function addInside(app: FastifyInstance, registry: TargetRegistry): void {
  app.get<{ Params: { id: string } }>("/api/targets/:id/inside.json", async (request, reply) => {
    const hub = registry.hub(request.params.id);
    if (hub === undefined) return reply.code(404).send({ error: "there is no such target: see /api/targets" });
    const inside = hub.latest?.inside?.();
    return inside ?? reply.code(204).send();
  });

  app.get<{ Params: { id: string } }>("/api/targets/:id/workload.json", async (request, reply) => {
    const hub = registry.hub(request.params.id);
    if (hub === undefined) return reply.code(404).send({ error: "there is no such target: see /api/targets" });
    const workload = hub.latest?.workload?.("system", { interrupted: false, addresses: false });
    return workload ?? reply.code(204).send();
  });
}
