/** What a difference may be at most, and whether it is more. */
import type { DiffFunction, DiffGate, DiffVerdict } from "../../model/diff.ts";

/** Bytes. */
export interface Limits {
  /** That what it applies to may grow, beyond noise. */
  readonly growth?: number | undefined;
  /** That it may hold in B. */
  readonly net?: number | undefined;
}

export interface Budget extends Limits {
  readonly kind: DiffGate["kind"];
  /** A directory with all below it; a module; a caller, in which `*` stands for anything. */
  readonly name: string;
}

/** @param countedOf bytes that count of a function's growth */
export function judgeBudgets(
  budgets: readonly Budget[],
  functions: readonly DiffFunction[],
  countedOf: (row: DiffFunction) => number,
): DiffGate[] {
  return budgets.flatMap((budget) => {
    const { kind, name } = budget;
    const meant = functions.filter(appliesTo(budget));
    const growth = meant.reduce((sum, row) => sum + countedOf(row), 0);
    const net = meant.reduce((sum, row) => sum + row.b.netBytes, 0);
    const doubtful = meant.reduce((sum, row) => sum + (countedOf(row) > 0 ? (row.doubtfulBytes ?? 0) : 0), 0);
    return [...gate("growth", budget.growth, growth, doubtful), ...gate("net", budget.net, net, doubtful)].map(
      (gated) => ({
        name,
        kind,
        functions: meant.length,
        ...gated,
      }),
    );
  });
}

function gate(measure: DiffGate["measure"], limitBytes: number | undefined, bytes: number, doubtfulBytes: number) {
  if (limitBytes === undefined) return [];
  const isOver = bytes > limitBytes;
  const isDoubtful = isOver && bytes - doubtfulBytes <= limitBytes;
  return [{ measure, limitBytes, bytes, isOver, isDoubtful, ...(doubtfulBytes > 0 && { doubtfulBytes }) }];
}

function appliesTo({ kind, name }: Budget): (row: DiffFunction) => boolean {
  switch (kind) {
    case "total":
      return () => true;
    case "directory": {
      const folder = name.replace(/\/+$/, "");
      return ({ file }) => file !== undefined && (folder === "." || file.startsWith(`${folder}/`));
    }
    case "module":
      return ({ module }) => (module ?? "vmlinux") === name.replace(/^\[|\]$/g, "");
    case "caller": {
      const form = new RegExp(`^${name.split("*").map(escaped).join(".*")}$`);
      return (row) => form.test(row.function);
    }
  }
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/** Undefined where there is nothing to judge. */
export function verdictOf(gates: readonly DiffGate[], exact: boolean): DiffVerdict | null {
  if (gates.length === 0) return null;
  if (!exact) return "inconclusive";
  if (gates.some(({ isOver, isDoubtful }) => isOver && !isDoubtful)) return "over";
  return gates.some(({ isDoubtful }) => isDoubtful) ? "inconclusive" : "within";
}
