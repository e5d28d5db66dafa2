/** The file of `--budgets`: what a directory, a module, a caller or all may grow by, and hold. */
import { z } from "zod";
import type { DiffGate } from "../model/diff.ts";
import type { Budget } from "../report/diff/judge.ts";
import { bytesIn } from "./byte-size.ts";
import { readYamlFile, type YamlKind } from "./yaml-file.ts";

const NOT_BYTES = "not a number of bytes, such as 4096, 4k or 1.5m";
const size = z.union([z.number().int().min(0), z.string().refine((text) => bytesIn(text) !== undefined, NOT_BYTES)]);
const limitSchema = z.union([
  size,
  z
    .strictObject({
      growth: size.optional().describe("bytes that it may grow by, beyond noise"),
      net: size.optional().describe("bytes that it may hold at all"),
    })
    .refine(({ growth, net }) => growth !== undefined || net !== undefined, "give growth, net, or both"),
]);
const limits = (what: string) => z.record(z.string().min(1), limitSchema).default({}).describe(what);

export const budgetsSchema = z
  .strictObject({
    total: limitSchema.optional().describe("of all together"),
    directories: limits("by directory of the kernel's source, all below it included: fs/ext4: 16k"),
    modules: limits("by module; vmlinux is the kernel's image"),
    callers: limits("by function; * stands for anything: kernfs_*: 4k"),
  })
  .meta({ id: "Budgets", title: "kmemtap budgets" });
type Limit = z.infer<typeof limitSchema>;

const BUDGETS: YamlKind<typeof budgetsSchema> = {
  schema: budgetsSchema,
  nextStep: "docs/diff.md shows such a file",
  choice: "give bytes (4096, 4k, 1.5m), or a block with growth or net",
};

/** @throws {KmemtapError} `config/invalid` */
export function readBudgets(path: string): Budget[] {
  const { total, directories, modules, callers } = readYamlFile(path, BUDGETS);
  return [
    ...(total === undefined ? [] : [budgetOf("total", "total", total)]),
    ...budgetsOf("directory", directories),
    ...budgetsOf("module", modules),
    ...budgetsOf("caller", callers),
  ];
}

function budgetsOf(kind: DiffGate["kind"], limits: Readonly<Record<string, Limit>>): Budget[] {
  return Object.entries(limits).map(([name, limit]) => budgetOf(kind, name, limit));
}

function budgetOf(kind: DiffGate["kind"], name: string, limit: Limit): Budget {
  const { growth, net } = typeof limit === "object" ? limit : { growth: limit, net: undefined };
  return { kind, name, growth: bytesOf(growth), net: bytesOf(net) };
}

function bytesOf(limit: number | string | undefined): number | undefined {
  return typeof limit === "string" ? bytesIn(limit) : limit;
}
