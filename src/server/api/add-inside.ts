/** What a target's account knows beyond its snapshot: sizes and stacks, who frees what, whose it is, what its workload left. */
import type { FastifyInstance } from "fastify";
import { type SpanQuery, spanQuerySchema } from "../../model/api.ts";
import { livesQuerySchema } from "../../model/lives.ts";
import { tasksAsked, tasksQuerySchema } from "../../model/tasks.ts";
import type { TargetRegistry } from "../registry.ts";
import { hubOf, queryOf } from "./add-targets.ts";

interface TargetRoute {
  Params: { id: string };
}

export function addInside(app: FastifyInstance, registry: TargetRegistry): void {
  app.get<TargetRoute>("/api/targets/:id/inside.json", (request, reply) => {
    const hub = hubOf(registry, request.params.id, reply);
    return hub === undefined ? reply : (hub.latest?.inside?.() ?? reply.code(204).send());
  });
  app.get<TargetRoute>("/api/targets/:id/lives.json", (request, reply) => {
    const hub = hubOf(registry, request.params.id, reply);
    const query = hub === undefined ? undefined : queryOf(livesQuerySchema, request.query, reply);
    if (hub === undefined || query === undefined) return reply;
    const lives = hub.latest?.lives?.();
    if (lives === undefined) return reply.code(204).send();
    const { callSite } = query;
    return callSite === undefined
      ? lives
      : { ...lives, callers: lives.callers.filter((row) => row.callSite === callSite) };
  });
  app.get<TargetRoute>("/api/targets/:id/tasks.json", (request, reply) => {
    const hub = hubOf(registry, request.params.id, reply);
    const query = hub === undefined ? undefined : queryOf(tasksQuerySchema, request.query, reply);
    if (hub === undefined || query === undefined) return reply;
    const tasks = hub.latest?.tasks?.();
    return tasks === undefined ? reply.code(204).send() : tasksAsked(tasks, query);
  });
  app.get<TargetRoute>("/api/targets/:id/workload.json", (request, reply) => {
    const hub = hubOf(registry, request.params.id, reply);
    const query = hub === undefined ? undefined : queryOf(spanQuerySchema, request.query, reply);
    if (hub === undefined || query === undefined) return reply;
    return hub.latest?.workloadView?.(spanOf(query)) ?? reply.code(204).send();
  });
}

/** Undefined where all of the trace is meant. */
function spanOf({ from, to }: SpanQuery): { readonly fromNs: number; readonly toNs: number } | undefined {
  if (from === undefined && to === undefined) return undefined;
  return { fromNs: (from ?? -Infinity) * 1e9, toNs: (to ?? Infinity) * 1e9 };
}
