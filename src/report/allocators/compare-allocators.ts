/** The requests of a recording, replayed through models of the kernel's allocators. */
import type { AllocatorComparison, AllocatorDeviation, AllocatorFigures } from "../../model/advice.ts";
import type { RequestClass } from "../../model/request-profile.ts";
import { cacheLinesOf, explain, type Explained } from "./infer-traits.ts";
import { type AllocatorModel, MODELS, PLAIN } from "./models.ts";

/**
 * What each allocator would have taken, and what the one that was recorded did take. It is known by its kmallocs: those of each allocator
 * and of each minimum are like no other's. Caches are as the recorded sizes say that they were made.
 */
export function compareAllocators(classes: readonly RequestClass[]): AllocatorComparison {
  const recorded = recordedBy(classes);
  const explained = explainedBy(recorded, classes);
  const kmallocs = classes.filter(({ kind }) => kind === "kmalloc");
  const shown = MODELS.filter((model) => model === recorded || !model.name.includes(","));
  return {
    recordedBy: recorded?.name ?? null,
    requests: sum(classes, ({ allocs }) => allocs),
    kmallocs: sum(kmallocs, ({ allocs }) => allocs),
    kmallocsReproduced:
      recorded === undefined ? 0 : sum(kmallocs.filter(isKmallocOf(recorded)), ({ allocs }) => allocs),
    recorded: figuresOf("recorded", classes, ({ bytesAlloc }) => bytesAlloc),
    models: shown.map((model) =>
      figuresOf(model.name, classes, (request) => bytesBy(model, explained(request), request)),
    ),
    deviations: recorded === undefined ? [] : deviationsOf(classes, recorded, explained),
  };
}

/** The model that reproduces most kmallocs; undefined where none reproduces half of them. */
function recordedBy(classes: readonly RequestClass[]): AllocatorModel | undefined {
  const kmallocs = classes.filter(({ kind }) => kind === "kmalloc");
  const all = sum(kmallocs, ({ allocs }) => allocs);
  const ranked = MODELS.map((model) => ({
    model,
    hits: sum(kmallocs.filter(isKmallocOf(model)), ({ allocs }) => allocs),
  }));
  const best = ranked.reduce((most, next) => (next.hits > most.hits ? next : most));
  return best.hits > 0 && best.hits * 2 >= all ? best.model : undefined;
}

function isKmallocOf(model: AllocatorModel): (request: RequestClass) => boolean {
  return ({ bytesReq, bytesAlloc }) => model.kmalloc(bytesReq) === bytesAlloc;
}

type Explain = (request: RequestClass) => Explained | undefined;

function explainedBy(recorded: AllocatorModel | undefined, classes: readonly RequestClass[]): Explain {
  if (recorded === undefined) return () => undefined;
  const lines = cacheLinesOf(
    recorded,
    classes.filter(({ kind }) => kind === "cache"),
  );
  return (request) => (request.kind === "cache" ? explain(recorded, request, lines) : undefined);
}

function bytesBy(model: AllocatorModel, explained: Explained | undefined, { kind, bytesReq }: RequestClass): number {
  return kind === "kmalloc" ? model.kmalloc(bytesReq) : model.cache(bytesReq, explained?.traits ?? PLAIN);
}

function figuresOf(
  name: string,
  classes: readonly RequestClass[],
  bytesOf: (request: RequestClass) => number,
): AllocatorFigures {
  const of = (kind: RequestClass["kind"]) => {
    const requests = classes.filter((request) => request.kind === kind);
    return {
      bytes: sum(requests, (request) => request.allocs * bytesOf(request)),
      wasteBytes: sum(requests, (request) => request.allocs * (bytesOf(request) - request.bytesReq)),
      netBytes: sum(requests, (request) => request.liveObjects * bytesOf(request)),
      netWasteBytes: sum(requests, (request) => request.liveObjects * (bytesOf(request) - request.bytesReq)),
    };
  };
  return { name, kmalloc: of("kmalloc"), cache: of("cache") };
}

/** Where the model, by the source alone, is not what the kernel did: by size, and why. */
function deviationsOf(
  classes: readonly RequestClass[],
  model: AllocatorModel,
  explained: Explain,
): AllocatorDeviation[] {
  const found = new Map<string, AllocatorDeviation>();
  for (const request of classes) {
    const { kind, bytesReq, bytesAlloc, allocs } = request;
    const modelBytes = kind === "kmalloc" ? model.kmalloc(bytesReq) : model.cache(bytesReq, PLAIN);
    if (modelBytes === bytesAlloc) continue;
    const key = `${kind} ${bytesReq} ${bytesAlloc}`;
    const cause = explained(request)?.cause ?? null;
    const before = found.get(key)?.requests ?? 0;
    found.set(key, { kind, bytesReq, bytesAlloc, modelBytes, requests: before + allocs, cause });
  }
  return [...found.values()].sort((a, b) => b.requests - a.requests || a.bytesReq - b.bytesReq);
}

function sum(classes: readonly RequestClass[], of: (request: RequestClass) => number): number {
  return classes.reduce((total, request) => total + of(request), 0);
}
