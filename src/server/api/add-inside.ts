/** What a target's account knows beyond its snapshot: sizes and stacks; what its workload left. */
import type { FastifyInstance } from "fastify";
import type { TargetRegistry } from "../registry.ts";
import { hubOf } from "./add-targets.ts";

interface TargetRoute {
  Params: { id: string };
}

export function addInside(app: FastifyInstance, registry: TargetRegistry): void {
  app.get<TargetRoute>("/api/targets/:id/inside.json", (request, reply) => {
    const hub = hubOf(registry, request.params.id, reply);
    return hub === undefined ? reply : (hub.latest?.inside?.() ?? reply.code(204).send());
  });
  app.get<TargetRoute>("/api/targets/:id/workload.json", (request, reply) => {
    const hub = hubOf(registry, request.params.id, reply);
    return hub === undefined ? reply : (hub.latest?.workloadView?.() ?? reply.code(204).send());
  });
}
