/** Where a function belongs: a directory of the source where its account knows that, else a module. */
import { UNATTRIBUTED } from "../model/source-tree.ts";
import type { CallerRow, Snapshot } from "../model/snapshot.ts";

export function sourceFileOf(row: CallerRow): string | undefined {
  return row.source?.file ?? undefined;
}

export function knowsSources({ callers }: Snapshot): boolean {
  return callers.some((row) => sourceFileOf(row) !== undefined);
}

export interface Place {
  readonly name: string;
  readonly module: string | null;
  /** Bare address: the module may have gone. */
  readonly isAddress: boolean;
  readonly file: string | undefined;
}

/** How functions are put together. */
export interface Grouping {
  readonly by: "directory" | "module";
  readonly groupOf: (place: Place) => string;
}

export const BY_MODULE: Grouping = {
  by: "module",
  groupOf: ({ module, isAddress }) => (isAddress ? "(addresses)" : module === null ? "vmlinux" : `[${module}]`),
};

/** Of what has no file, modules are named all the same. */
export const BY_DIRECTORY: Grouping = {
  by: "directory",
  groupOf: ({ file, module }) => {
    if (file === undefined) return module === null ? UNATTRIBUTED : `[${module}]`;
    const slash = file.lastIndexOf("/");
    return slash < 0 ? "." : file.slice(0, slash);
  },
};
