/** The HTTP API as OpenAPI 3.1, made of the models that requests and answers are checked by. */
import { z } from "zod";
import {
  healthAnswerSchema,
  refusedAnswerSchema,
  snapshotQuerySchema,
  spanQuerySchema,
  targetParamsSchema,
  targetsAnswerSchema,
  ticketAnswerSchema,
  windowQuerySchema,
  windowSchema,
} from "../../model/api.ts";
import { insideSchema } from "../../model/inside.ts";
import { livesQuerySchema, livesSchema } from "../../model/lives.ts";
import { tasksQuerySchema, tasksSchema } from "../../model/tasks.ts";
import { sizeSchema } from "../../model/size.ts";
import { snapshotSchema } from "../../model/snapshot.ts";
import { VERSION } from "../../model/version.ts";
import { workloadViewSchema } from "../../model/workload-view.ts";
import { SNAPSHOT_FILES } from "./snapshot-files.ts";

type Json = Record<string, unknown>;

interface Operation {
  readonly method?: "get" | "post";
  readonly path: string;
  readonly summary: string;
  readonly query?: z.ZodObject;
  /** Of JSON; a type of media alone for what is none. */
  readonly answer: z.ZodType | string;
  /** Statuses beside 200, and what they mean. */
  readonly refusals?: readonly number[];
  /** What an answer without content (204) means, where there may be one. */
  readonly none?: string;
  readonly open?: true;
}

const TARGET = "/api/targets/{id}";
const REFUSALS: Readonly<Record<number, string>> = {
  400: "what was asked for cannot be read",
  401: "a token is needed",
  403: "asked by a page from elsewhere, or by a name that is not this server's",
  404: "there is no such target, or it has no such thing",
  429: "asked too often",
  502: "it could not be made",
  503: "nothing has come of the target yet",
};
const ALWAYS = [403, 429] as const;

const OPERATIONS: readonly Operation[] = [
  { path: "/api/targets", summary: "All targets, and how they are", answer: targetsAnswerSchema },
  ...Object.entries(SNAPSHOT_FILES).map(([ending, { type }]) => ({
    path: `${TARGET}/snapshot.${ending}`,
    summary: summaryOf(ending),
    query: snapshotQuerySchema,
    answer: ending === "json" ? z.union([snapshotSchema, windowSchema]) : (type.split(";", 1)[0] ?? type),
    refusals: [400, 404, 502, 503],
  })),
  {
    path: `${TARGET}/window.json`,
    summary: "What changed between two moments, by caller or by task",
    query: windowQuerySchema,
    answer: windowSchema,
    refusals: [400, 404, 503],
  },
  {
    path: `${TARGET}/inside.json`,
    summary: "Sizes of live objects by caller, and the stacks that hold the most",
    answer: insideSchema,
    refusals: [404, 503],
    none: "this target does not tell",
  },
  {
    path: `${TARGET}/lives.json`,
    summary: "Who frees a caller's objects, how long they live, how old those are that are alive",
    query: livesQuerySchema,
    answer: livesSchema,
    refusals: [400, 404, 503],
    none: "it is not kept: kmemtap was started without --lifetimes, or the sums are made in the target's kernel",
  },
  {
    path: `${TARGET}/tasks.json`,
    summary: "Which task allocated what is held",
    query: tasksQuerySchema,
    answer: tasksSchema,
    refusals: [400, 404, 503],
    none: "it is not kept: kmemtap was started without --tasks, or the sums are made in the target's kernel",
  },
  {
    path: `${TARGET}/workload.json`,
    summary: "What the phases of the workload that runs, or ran last, allocated and left; what grows with its rounds",
    query: spanQuerySchema,
    answer: workloadViewSchema,
    refusals: [400, 404, 503],
    none: "no workload has run",
  },
  {
    path: `${TARGET}/footprint`,
    summary: "What the kernel's image takes",
    answer: sizeSchema,
    refusals: [404, 502, 503],
  },
  { method: "post", path: "/api/tickets", summary: "What opens the WebSocket /ws, once", answer: ticketAnswerSchema },
  { path: "/healthz", summary: "That the server lives", answer: healthAnswerSchema, open: true },
  { path: "/api/openapi.json", summary: "This document", answer: "application/json", open: true },
];

function summaryOf(ending: string): string {
  const texts: Readonly<Record<string, string>> = {
    json: "The account, kmemtap.snapshot/1; of a part of the run what changed in it, kmemtap.window/1",
    txt: "The account in trace_analyze's layout",
    "slab-account.txt": "The account in the layout of the /proc/slab_account patch: frees charged to who freed",
    csv: "The callers, a line each",
    svg: "The ring chart",
    png: "The ring chart",
    "pb.gz": "The account as a heap profile, for pprof",
  };
  return texts[ending] ?? ending;
}

export function openApi(): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const operation of OPERATIONS) {
    const { path, method = "get" } = operation;
    paths[path] = { ...paths[path], [method]: operationOf(operation, schemas) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "kmemtap", version: VERSION, description: "Beside it the WebSocket /ws: docs/wire.md" },
    paths,
    components: { schemas, securitySchemes: { token: { type: "http", scheme: "bearer" } } },
  };
}

function operationOf({ path, summary, query, answer, refusals = [], none, open }: Operation, schemas: Json): Json {
  const statuses = [...refusals, ...(open === true ? [] : [401]), ...ALWAYS].sort((a, b) => a - b);
  const content = (schema: z.ZodType | string) =>
    typeof schema === "string"
      ? { [schema]: {} }
      : { "application/json": { schema: referred(schema, "output", schemas) } };
  return {
    summary,
    // A token where the server has one.
    security: open === true ? [] : [{}, { token: [] }],
    parameters: [
      ...(path.includes("{id}") ? parametersOf(targetParamsSchema, "path", schemas) : []),
      ...(query === undefined ? [] : parametersOf(query, "query", schemas)),
    ],
    responses: {
      200: { description: "OK", content: content(answer) },
      ...(none !== undefined && { 204: { description: none } }),
      ...Object.fromEntries(
        statuses.map((status) => [status, { description: REFUSALS[status], content: content(refusedAnswerSchema) }]),
      ),
    },
  };
}

function parametersOf(schema: z.ZodObject, place: "path" | "query", schemas: Json): Json[] {
  const { properties = {} } = referred(schema, "input", schemas) as { properties?: Record<string, Json> };
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: place === "path",
    ...(description !== undefined && { description }),
    // A coerced number has no type of its own as input.
    schema: Object.keys(property).length === 0 ? { type: "number" } : property,
  }));
}

/** The schema, its named parts put with all others'. */
function referred(schema: z.ZodType, io: "input" | "output", schemas: Json): Json {
  const text = JSON.stringify(z.toJSONSchema(schema, { io })).replaceAll('"#/$defs/', '"#/components/schemas/');
  const { $defs, id: name, ...own } = JSON.parse(text) as Json & { $defs?: Json };
  delete own["$schema"];
  for (const [part, definition] of Object.entries($defs ?? {})) schemas[part] = definition;
  if (typeof name !== "string") return own;
  schemas[name] = own;
  return { $ref: `#/components/schemas/${name}` };
}
