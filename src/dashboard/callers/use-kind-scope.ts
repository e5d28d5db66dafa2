import { useMemo } from "preact/hooks";
import { type CallerKind, holdsKind, type LiveSizes } from "../../model/caller-filter.ts";
import { inside, useInside } from "../inside/inside.ts";
import type { Scope } from "../window/scope.ts";

function withKind(callers: Scope["callers"], kind: CallerKind, sizes: LiveSizes): Scope["callers"] {
  const isOf = holdsKind(kind, sizes);
  return new Map([...callers].filter(([, row]) => isOf(row)));
}

/** The scope with those callers alone whose live objects are of the kind; what they are is asked for while it is wanted. */
export function useKindScope(scope: Scope, kind: CallerKind | ""): Scope {
  useInside(kind !== "");
  const { objects } = inside.value;
  const sizes = objects.state === "known" ? objects.value : undefined;
  const callers = useMemo(
    () => (kind === "" || sizes === undefined ? undefined : withKind(scope.callers, kind, sizes)),
    [scope.callers, kind, sizes],
  );
  if (kind === "") return scope;
  const key = `${scope.key} ${kind}`;
  if (callers !== undefined) return { ...scope, key, callers, nothing: "No caller has live objects of this kind" };
  const nothing = objects.state === "failed" ? `No kinds: ${objects.why}` : "Asking for the kinds of objects …";
  return { ...scope, key, callers: new Map(), nothing };
}
