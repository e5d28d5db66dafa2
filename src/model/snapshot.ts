/**
 * The account at one moment: what reports print, servers send and files keep.
 *
 * The schema is the source: `docs/snapshot.schema.json` is generated from it, `docs/snapshot.md` explains it.
 * Names and meanings are those of trace_analyze where it had them.
 */
import { z } from "zod";
import { callerRowSchema, totalsSchema } from "./caller-row.ts";
import { livesSchema } from "./lives.ts";
import { lossSchema } from "./loss.ts";
import { SNAPSHOT_SCHEMA } from "./schema-name.ts";
import { targetFactsSchema } from "./target-facts.ts";
import { tasksSchema } from "./tasks.ts";

export {
  type CallerRow,
  callerRowSchema,
  type CallerSource,
  callerSourceSchema,
  type SourceFrame,
  sourceFrameSchema,
  type Totals,
  totalsSchema,
  type Via,
} from "./caller-row.ts";

const count = z.number().int().nonnegative();
const bytes = z.number().int();

export const stackRowSchema = z
  .object({
    frames: z.array(z.string()).describe("call sites, from the one that the event names outwards"),
    caller: z.string().describe("the row that is charged"),
    allocs: count,
    totalBytes: bytes,
    netBytes: bytes,
    liveObjects: count,
  })
  .meta({ id: "StackRow" });
export type StackRow = z.infer<typeof stackRowSchema>;

export const stackFactsSchema = z
  .object({
    charged: count.describe("allocations that were charged by their stack"),
    stackless: count.describe("allocations without a stack, charged to their call site"),
    unmatched: count.describe("stacks without an allocation: of frees, of events that were filtered out or lost"),
    distinct: count.describe("different stacks, from the call site outwards"),
    beyond: count.describe("charged allocations whose stack was not kept, because there were too many different ones"),
    rows: z
      .array(stackRowSchema)
      .optional()
      .describe("the stacks with the most net bytes, a thousand at most; only in what --json prints"),
  })
  .meta({ id: "StackFacts" });
/** What kernel stacks told, where the trace has some (docs/stacks.md). */
export type StackFacts = z.infer<typeof stackFactsSchema>;

export const accountGroupSchema = totalsSchema
  .omit({ peakNetBytes: true })
  .extend({
    name: z.string().describe("fs/ext4, fs/ext4/inode.c, vmlinux, [ext4], alloc_inode; (unattributed)"),
    doubtfulObjects: count.optional().describe("sum of its callers', so no less than may be gone; absent where none"),
  })
  .meta({ id: "AccountGroup" });
export type AccountGroup = z.infer<typeof accountGroupSchema>;

export const accountGroupsSchema = z
  .object({
    by: z.enum(["directory", "file", "module", "function"]),
    depth: count.optional().describe("parts of a path that make a group; absent where all do"),
    groups: z.array(accountGroupSchema).describe("every caller is in one, so that they add up to the totals"),
  })
  .meta({ id: "AccountGroups" });
/** Callers put together by where they are. */
export type AccountGroups = z.infer<typeof accountGroupsSchema>;

const linesAndBytes = z.object({ lines: count, bytes });
export const inputSchema = z
  .object({
    bytes: bytes.describe("bytes of the input: events + ignored + rejected, to the byte"),
    events: linesAndBytes,
    ignored: z.record(z.string(), linesAndBytes).describe("ignored on purpose, by reason"),
    rejected: z.record(z.string(), linesAndBytes).describe("trace lines that could not be read, by reason"),
  })
  .meta({ id: "Input" });
export type InputAccount = z.infer<typeof inputSchema>;

const attributedSchema = z.object({ callSites: count, netBytes: bytes, totalBytes: bytes });
export const symbolFactsSchema = z
  .object({
    kernel: z.string().describe("the vmlinux or System.map that call sites were looked up in"),
    release: z.string().nullable().describe("its `uname -r`; null where it does not say"),
    buildId: z.string().nullable(),
    symbolizer: z
      .string()
      .nullable()
      .describe("what read the debug information; null where only symbol tables were read"),
    attributed: attributedSchema.describe("of the callers, those with a source file"),
    unattributed: attributedSchema.describe("and those without"),
    findings: z.array(z.string()).describe("what could not be looked up, and what helps; a line each"),
  })
  .meta({ id: "SymbolFacts" });
/** How call sites became source. */
export type SymbolFacts = z.infer<typeof symbolFactsSchema>;

export const probedSchema = z
  .object({
    rcuFrees: count.describe(
      "objects freed by kfree_rcu: gone when it was called, whatever the kernel does with them later",
    ),
    bulkFrees: count.describe("objects freed in bulk, kfree_rcu's among them when their time has come"),
    notFollowed: count.describe("of bulkFrees, those beyond what a record holds (64): they look alive"),
  })
  .meta({ id: "Probed" });

export const accountFilterSchema = z.enum(["all", "malloc", "cache"]);
/** Which allocations are accounted: all, kmalloc's alone, or kmem_cache's alone. */
export type AccountFilter = z.infer<typeof accountFilterSchema>;

export const snapshotSchema = z
  .object({
    schema: z.literal(SNAPSHOT_SCHEMA),
    exact: z
      .boolean()
      .describe("false when the kernel lost events, a trace line could not be read, or a pointer was hidden"),
    source: z.object({
      label: z.string().describe("the target or the files"),
      recording: z.boolean().describe("true when played back from a recording"),
      run: count.describe("1 for the first boot seen, 2 for the next ..."),
    }),
    filter: accountFilterSchema,
    window: z
      .object({ firstEventNs: z.number().nullable(), lastEventNs: z.number().nullable() })
      .describe("trace clock of the first and the last event, nanoseconds; null before any"),
    totals: totalsSchema,
    loss: lossSchema,
    input: inputSchema,
    groups: accountGroupsSchema.optional().describe("where --by asked for them"),
    callers: z.array(callerRowSchema).describe("call sites that allocated, by netBytes, ties by caller"),
    stacks: stackFactsSchema.optional(),
    probed: probedSchema.optional(),
    symbols: symbolFactsSchema.optional().describe("how call sites became source; absent where no kernel was given"),
    lives: livesSchema
      .optional()
      .describe("who frees what, and how long it lived; only in what report --json --lifetimes prints"),
    tasks: tasksSchema.optional().describe("which task allocated what; only in what report --json --tasks prints"),
    freeing: z
      .array(z.object({ callSite: z.string(), frees: count }))
      .optional()
      .describe("frees by the call site that freed, matched or not; only where freeing=true asked a server for it"),
    branch: z
      .string()
      .optional()
      .describe("the directory that callers and totals are of (--branch); peaks of the totals are then not known: 0"),
    ...targetFactsSchema.partial().shape,
  })
  .meta({ id: "Snapshot", title: SNAPSHOT_SCHEMA });
export type Snapshot = z.infer<typeof snapshotSchema>;

/** What a ledger cannot know of itself. */
export interface SnapshotContext {
  readonly source: Snapshot["source"];
  readonly damagedInput?: readonly string[];
}
