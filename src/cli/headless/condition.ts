/** `--when 'net > 64M'`: one figure of an account against a number. */
import { usage } from "../arm-options.ts";
import { bytesIn } from "../byte-size.ts";
import type { Moment } from "./moment.ts";

export interface Condition {
  /** As it was given. */
  readonly text: string;
  readonly holds: (moment: Moment) => boolean;
}

interface Figure {
  readonly unit: "bytes" | "count";
  readonly of: (moment: Moment) => number;
}

const FIGURES: Readonly<Record<string, Figure>> = {
  net: { unit: "bytes", of: ({ snapshot }) => snapshot.totals.netBytes },
  requested: { unit: "bytes", of: ({ snapshot }) => snapshot.totals.netRequestedBytes },
  waste: { unit: "bytes", of: ({ snapshot }) => snapshot.totals.wasteBytes },
  objects: { unit: "count", of: ({ snapshot }) => snapshot.totals.liveObjects },
  callers: { unit: "count", of: ({ snapshot }) => snapshot.totals.callSites },
  lost: { unit: "count", of: ({ snapshot: { loss } }) => loss.lostEvents + loss.lostUncounted + loss.histDropped },
  rate: { unit: "count", of: ({ eventsPerSecond }) => eventsPerSecond },
};

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  ">": (a, b) => a > b,
  "<": (a, b) => a < b,
  ">=": (a, b) => a >= b,
  "<=": (a, b) => a <= b,
};

/** @throws {KmemtapError} `cli/usage` */
export function parseCondition(text: string): Condition {
  const match = /^\s*([a-z]+)\s*(>=|<=|>|<)\s*(\S+)\s*$/.exec(text);
  const [, name, comparison, number] = match ?? [];
  const figure = match !== null && Object.hasOwn(FIGURES, name) ? FIGURES[name] : undefined;
  if (figure === undefined) {
    throw usage(
      `--when '${text}': not a condition`,
      `compare one of ${Object.keys(FIGURES).join(", ")} by > < >= <=, for example --when 'net > 64M'`,
    );
  }
  const limit = figure.unit === "bytes" ? bytesIn(number) : /^\d+$/.test(number) ? Number(number) : undefined;
  if (limit === undefined) {
    const help = figure.unit === "bytes" ? "give bytes: 65536, 64M (k, m, g)" : "give a whole number";
    throw usage(`--when '${text}': ${number} is not a number of ${name}`, help);
  }
  const compare = COMPARISONS[comparison];
  return { text: text.trim(), holds: (moment) => compare(figure.of(moment), limit) };
}
