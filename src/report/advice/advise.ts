/** A recording's requests to findings, few of them. */
import { type Advice, ADVICE_SCHEMA, type Finding } from "../../model/advice.ts";
import { byCaller } from "../../model/caller.ts";
import type { RequestClass, RequestProfile } from "../../model/request-profile.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { compareAllocators } from "../allocators/compare-allocators.ts";
import { MODELS } from "../allocators/models.ts";
import { bySite } from "./by-site.ts";
import { constructorsOf } from "./constructors.ts";
import { churnOf, crossCpuOf, stringsOf } from "./site-findings.ts";
import { sizedFindings } from "./sized-findings.ts";
import { MAX_FINDINGS } from "./thresholds.ts";

/** In the order in which they are printed. */
export const FINDING_KINDS = ["odd-size", "cache", "strings", "churn", "constructor", "cross-cpu"] as const;

const BENEFIT: Readonly<Record<Finding["kind"], (finding: Finding) => number>> = {
  "odd-size": ({ savedBytes }) => savedBytes,
  cache: ({ savedBytes }) => savedBytes,
  strings: ({ figures }) => figures["netBytes"],
  churn: ({ allocs }) => allocs,
  constructor: ({ figures }) => figures["notZeroedBytes"],
  "cross-cpu": ({ figures }) => figures["crossCpuFrees"],
};

export function advise(profile: RequestProfile, snapshot: Snapshot): Advice {
  const { classes, cpus, seconds } = profile;
  const allocators = compareAllocators(classes);
  const model = MODELS.find(({ name }) => name === allocators.recordedBy) ?? MODELS[0];
  const sites = bySite(classes);
  const found = [
    ...sizedFindings(classes, model, cpus),
    ...constructorsOf(sites, cpus, seconds),
    ...sites.flatMap((site) => [stringsOf(site), churnOf(site, seconds), cpus > 1 ? crossCpuOf(site) : undefined]),
  ].filter((finding) => finding !== undefined);
  return {
    schema: ADVICE_SCHEMA,
    exact: snapshot.exact,
    source: snapshot.source.label,
    filter: snapshot.filter,
    seconds,
    cpus,
    findings: FINDING_KINDS.flatMap((kind) => largest(found, kind)),
    leftOut: [...untold(classes), ...(cpus > 1 ? [] : ["frees on another CPU: events came from one CPU"])],
    allocators,
  };
}

/** Of what constructors cannot be told. */
function untold(classes: readonly RequestClass[]): string[] {
  const allocs = classes.reduce((sum, request) => sum + request.allocs, 0);
  const unknown = classes.reduce((sum, request) => sum + (request.asksForZeros === null ? request.allocs : 0), 0);
  if (unknown === 0) return [];
  return [
    `constructors, of ${unknown} of ${allocs} allocations: whether they ask for zeroed memory, no gfp_flags tell, or not all the same`,
  ];
}

function largest(found: readonly Finding[], kind: Finding["kind"]): Finding[] {
  const benefit = BENEFIT[kind];
  return found
    .filter((finding) => finding.kind === kind)
    .sort((a, b) => benefit(b) - benefit(a) || byCaller(a, b))
    .slice(0, MAX_FINDINGS);
}
