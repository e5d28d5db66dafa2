/** What takes long to answer is answered in turn, and not all the time. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { refuse } from "./guard.ts";
import { type Turn, Turns } from "./turns.ts";

/** What is put together of a whole account. */
const COSTLY = /^\/(?:api\/targets\/:id\/|metrics$)/;

export function addTurns(app: FastifyInstance): void {
  const turns = new Turns();
  const begun = new WeakMap<FastifyRequest, Turn>();
  app.addHook("preHandler", async (request, reply) => {
    if (!COSTLY.test(request.routeOptions.url ?? "")) return undefined;
    const turn = turns.ask(askerOf(request));
    if (turn === undefined) {
      reply.header("retry-after", 1);
      return refuse(request, reply, 429, "too many questions wait for their answers", "ask one after the other");
    }
    begun.set(request, turn);
    reply.raw.once("close", () => turn.leave());
    await turn.begun;
    return undefined;
  });
  app.addHook("onSend", (request, _reply, _payload, done) => {
    begun.get(request)?.made();
    done();
  });
}

/** By whose address and by whose right: what one of them takes is not the others'. */
export function askerOf({ ip, bearer }: FastifyRequest): string {
  return `${ip} ${bearer?.name ?? ""}`;
}
