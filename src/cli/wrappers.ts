/** The list of functions that allocate for their callers: the one that comes with kmemtap, or the operator's. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { KmemtapError, messageOf } from "../model/errors.ts";
import { PACKAGE_ROOT } from "../model/package-root.ts";
import { WrapperList } from "../model/wrapper-list.ts";
import type { AccountExtras } from "../report/account-file.ts";
import { say } from "./say.ts";

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
  return WrapperList.parse(text, (line, entry) =>
    say(`${path}, line ${line}: "${entry}" is no function's name; left out`),
  );
}

/** Behind the callers of a text account: only for who asks, since scripts read trace_analyze's layout. */
export function extrasOf({ lines, wrappers }: { readonly lines?: true; readonly wrappers?: string }): AccountExtras {
  return { lines: lines === true, wrappers: lines === true || wrappers !== undefined };
}
