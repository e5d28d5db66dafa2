/** The list of functions that allocate for their callers: the one that comes with kmemtap, or the operator's. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { KmemtapError, messageOf } from "../model/errors.ts";
import { PACKAGE_ROOT } from "../model/package-root.ts";
import { WrapperList } from "../model/wrapper-list.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { AccountExtras } from "../report/account-file.ts";
import { say } from "./say.ts";

/** Of a file that is none of functions: enough to see what it is. */
const FAULTS_SAID = 3;
const EXCERPT = 60;
const excerptOf = (entry: string) => (entry.length > EXCERPT ? `${entry.slice(0, EXCERPT)}…` : entry);

const SHIPPED = join(PACKAGE_ROOT, "config", "wrappers.txt");

/** @throws {KmemtapError} `input/missing` where the file cannot be read */
export function wrappersOf(file: string | undefined): WrapperList {
  const path = file ?? SHIPPED;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (thrown) {
    throw new KmemtapError("input/missing", `${path}: ${messageOf(thrown)}`, {
      cause: thrown,
      nextStep: `name a file of functions, a line each; ${SHIPPED} is one to copy`,
    });
  }
  const faults: string[] = [];
  const list = WrapperList.parse(text, (line, entry) => faults.push(`line ${line}: "${excerptOf(entry)}"`));
  for (const fault of faults.slice(0, FAULTS_SAID)) say(`${path}, ${fault} is no function's name; left out`);
  const more = faults.length - FAULTS_SAID;
  if (more > 0) say(`${path}: ${more} more lines are no function's name; left out`);
  return list;
}

/**
 * Behind the callers of a text account: where they are, for whoever named a kernel that knows it. In a file only for who asks, since
 * scripts read trace_analyze's layout.
 */
export function extrasOf(
  { lines, wrappers }: { readonly lines?: true; readonly wrappers?: string },
  { symbols }: Pick<Snapshot, "symbols">,
  toFile: boolean,
): AccountExtras {
  const isLined = lines === true || (!toFile && (symbols?.attributed.callSites ?? 0) > 0);
  return { lines: isLined, wrappers: isLined || wrappers !== undefined, unseenFrees: !toFile };
}
