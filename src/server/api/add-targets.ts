/** `/api/targets`, and what is asked of one. */
import type { FastifyInstance, FastifyReply } from "fastify";
import type { z } from "zod";
import { snapshotQuerySchema, windowQuerySchema } from "../../model/api.ts";
import { ExitCode, KmemtapError, messageOf } from "../../model/errors.ts";
import { printable } from "../../model/printable.ts";
import type { TargetHub } from "../hub/target-hub.ts";
import type { TargetRegistry } from "../registry.ts";
import { selectCallers } from "./select-callers.ts";
import { SNAPSHOT_FILES, type SnapshotFile } from "./snapshot-files.ts";
import { windowOf } from "./window.ts";

interface TargetRoute {
  Params: { id: string };
}

export function addTargets(app: FastifyInstance, registry: TargetRegistry): void {
  app.get("/api/targets", () => ({ targets: registry.summaries() }));

  for (const ending of Object.keys(SNAPSHOT_FILES) as SnapshotFile[]) {
    app.get<TargetRoute>(`/api/targets/:id/snapshot.${ending}`, async (request, reply) => {
      const { id } = request.params;
      const hub = hubOf(registry, id, reply);
      const query = hub === undefined ? undefined : queryOf(snapshotQuerySchema, request.query, reply);
      if (hub === undefined || query === undefined) return reply;
      const whole = hub.snapshotOf(query.run);
      if (whole === undefined) return refuse(reply, 404, `run ${String(query.run)} is not kept`, "");
      const { type, make } = SNAPSHOT_FILES[ending];
      const { footprint } = registry.target(id) ?? {};
      return answering(reply, type, () =>
        make({ ...selectCallers(hub, whole, query), query, footprint, atMs: Date.now() }),
      );
    });
  }

  app.get<TargetRoute>("/api/targets/:id/window.json", (request, reply) => {
    const hub = hubOf(registry, request.params.id, reply);
    const query = hub === undefined ? undefined : queryOf(windowQuerySchema, request.query, reply);
    if (hub === undefined || query === undefined) return reply;
    if (hub.latest?.history.length === 0)
      return refuse(reply, 503, "nothing has happened yet", "ask again in a second");
    return answering(reply, "application/json", () => JSON.stringify(windowOf(hub, query)));
  });

  app.get<TargetRoute>("/api/targets/:id/footprint", (request, reply) => {
    const hub = knownHubOf(registry, request.params.id, reply);
    if (hub === undefined) return reply;
    const footprint = registry.target(hub.id)?.footprint;
    if (footprint === undefined) return refuse(reply, 404, "no kernel is at hand", "start kmemtap with -k");
    return answering(reply, "application/json", () => footprint(hub.latest?.snapshot.release));
  });
}

/** Undefined, and refused, where there is no such target, or nothing has come of it yet: its zeros are no account. */
export function hubOf(registry: TargetRegistry, id: string, reply: FastifyReply): TargetHub | undefined {
  const hub = knownHubOf(registry, id, reply);
  if (hub === undefined || hub.isReached) return hub;
  const { state, detail } = hub.summary();
  refuse(reply, 503, `${hub.id}: nothing arrived (${state === "starting" ? state : detail})`, "ask again in a second");
  return undefined;
}

/** Undefined, and refused, where there is no such target, or it has not begun. */
function knownHubOf(registry: TargetRegistry, id: string, reply: FastifyReply): TargetHub | undefined {
  const hub = registry.hub(id);
  if (hub === undefined)
    refuse(reply, 404, `there is no target ${printable(id)}`, "GET /api/targets lists those there are");
  else if (hub.latest === undefined) refuse(reply, 503, "nothing was captured yet", "ask again in a second");
  return hub?.latest === undefined ? undefined : hub;
}

/** Undefined, and refused, where it does not read. */
export function queryOf<T>(schema: z.ZodType<T>, query: unknown, reply: FastifyReply): T | undefined {
  const checked = schema.safeParse(query);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const { nextStep }: { nextStep?: string } = (issue.code === "custom" ? issue.params : undefined) ?? {};
  const error = printable([...issue.path.map(String), issue.message].join(": "));
  refuse(reply, 400, error, nextStep ?? "docs/openapi.json has what may be asked");
  return undefined;
}

async function answering(
  reply: FastifyReply,
  type: string,
  answer: () => string | Uint8Array | Promise<string | Uint8Array>,
): Promise<FastifyReply> {
  let content: string | Uint8Array;
  try {
    content = await answer();
  } catch (thrown) {
    if (!(thrown instanceof KmemtapError)) return refuse(reply, 502, messageOf(thrown), "");
    return refuse(reply, thrown.exitCode === ExitCode.wrongUse ? 400 : 502, thrown.message, thrown.nextStep ?? "");
  }
  return reply.type(type).send(content);
}

function refuse(reply: FastifyReply, status: number, error: string, help: string): FastifyReply {
  return reply.code(status).send({ error, help });
}
