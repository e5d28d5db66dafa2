/** The stacks that hold the most, as a flame graph. */
import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import { humanBytes } from "../format/bytes.ts";
import { formatCount, plural } from "../format/count.ts";
import { inside, useInside } from "../inside/inside.ts";
import { shareOf } from "../../rings/share.ts";
import type { Account } from "../state/page-state.ts";
import { WholeNote } from "../window/whole-note.tsx";
import { FlameGraph } from "./flame-graph.tsx";
import { FLAME_MEASURES, type FlameMeasure, type FlameNode, flameNodeAt, flameTreeOf } from "./flame-tree.ts";

const WORDS: Record<FlameMeasure, string> = {
  netBytes: "net bytes",
  totalBytes: "bytes allocated ever",
  liveObjects: "live objects",
  allocs: "allocations",
};

interface FlamePanelProps {
  readonly account: Account;
  readonly viewChoice: ComponentChildren;
}

export function FlamePanel({ account, viewChoice }: FlamePanelProps) {
  useInside();
  const { stacks } = inside.value;
  const [measure, setMeasure] = useState<FlameMeasure>("netBytes");
  const [wanted, setPath] = useState<readonly string[]>([]);
  const [pointed, setPointed] = useState<FlameNode | null>(null);
  const rows = stacks.state === "known" ? stacks.value : undefined;
  const root = useMemo(() => flameTreeOf(rows ?? [], measure), [rows, measure]);
  const path = useMemo(() => (flameNodeAt(root, wanted) === undefined ? [] : wanted), [root, wanted]);
  const isThere = rows !== undefined && rows.length > 0;
  const about = account.exact ? "" : "≈";
  const figure = (value: number) =>
    measure === "netBytes" || measure === "totalBytes" ? humanBytes(value) : formatCount(value);
  const describe = (node: FlameNode) =>
    `${node.name}: ${about}${figure(node.value)}, ${shareOf(node.value, root.value)} of ${WORDS[measure]}`;
  return (
    <section class="callers" aria-label="Flame graph">
      <div class="section-head">
        <h2>Callers</h2>
        {viewChoice}
        <label class="choice" hidden={!isThere}>
          <span class="visually-hidden">What the flame graph shows</span>
          <select
            value={measure}
            data-testid="flame-measure"
            onChange={({ currentTarget }) =>
              setMeasure(FLAME_MEASURES.find((known) => known === currentTarget.value) ?? "netBytes")
            }
          >
            {FLAME_MEASURES.map((name) => (
              <option key={name} value={name}>
                {WORDS[name]}
              </option>
            ))}
          </select>
        </label>
        {path.length > 0 && (
          <button type="button" class="chip" onClick={() => setPath([])}>
            All stacks
          </button>
        )}
        <p class="callers-count" data-testid="flame-count">
          {rows === undefined ? "" : plural(rows.length, "stack")}
        </p>
      </div>
      {isThere ? (
        <>
          <WholeNote>
            Of the whole run, not of the window: of stacks the sums are kept, not what they were before. Table and rings
            are of the window.
          </WholeNote>
          <p class="flame-facts" data-testid="flame-facts" aria-live="polite">
            {describe(pointed ?? flameNodeAt(root, path) ?? root)}
          </p>
          <FlameGraph root={root} path={path} describe={describe} onZoom={setPath} onPoint={setPointed} />
        </>
      ) : (
        <p class="callers-empty">{whyNone(stacks)}</p>
      )}
    </section>
  );
}

function whyNone(stacks: (typeof inside.value)["stacks"]): string {
  switch (stacks.state) {
    case "failed":
      return `No stacks: ${stacks.why}`;
    case "known":
      return "No stack was taken. Start kmemtap with --stacks, and the kernel says who called whom at each allocation.";
    case "none":
    case "asked":
      return "Asking for the stacks …";
  }
}
