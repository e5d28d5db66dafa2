/** `report --by`: callers put together by where they are. */
import type { Snapshot } from "../model/snapshot.ts";
import { GROUP_BY, type GroupBy, groupsOf } from "../report/groups.ts";
import { numberOf, usage } from "./arm-options.ts";

export const GROUP_CHOICES = [...GROUP_BY, "dir"] as const;

export interface GroupOptions {
  readonly by?: (typeof GROUP_CHOICES)[number];
  readonly depth?: string;
  readonly top?: string;
}

export interface GroupChoice {
  readonly by: GroupBy;
  readonly depth: number | undefined;
  readonly top: number | undefined;
}

/** @throws {KmemtapError} `cli/usage` */
export function groupChoiceOf(
  options: GroupOptions & { readonly kernel?: string; readonly workload?: true },
): GroupChoice | undefined {
  const { by: named, kernel } = options;
  const depth = numberOf("--depth", options.depth, 1, 64);
  const top = numberOf("--top", options.top, 1, 1_000_000);
  if (named === undefined) {
    if (depth ?? top)
      throw usage(`--${depth === undefined ? "top" : "depth"} without --by`, "add --by directory, or leave it out");
    return undefined;
  }
  const by = named === "dir" ? "directory" : named;
  const isOfSource = by === "directory" || by === "file";
  if (isOfSource && kernel === undefined)
    throw usage(`--by ${named} needs the kernel`, "name it: -k /usr/lib/debug, or a vmlinux; or use --by module");
  if (!isOfSource && depth !== undefined)
    throw usage(`--depth with --by ${by}`, "only directories and files have one: leave it out");
  if (options.workload === true) throw usage("--workload prints a result of its own", "leave --by out");
  return { by, depth, top };
}

export function withGroups<T extends { readonly snapshot: Snapshot }>(account: T, choice: GroupChoice | undefined): T {
  if (choice === undefined) return account;
  const { snapshot } = account;
  return { ...account, snapshot: { ...snapshot, groups: groupsOf(snapshot, choice.by, choice.depth) } };
}
