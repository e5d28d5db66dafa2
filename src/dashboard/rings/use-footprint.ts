import { useEffect, useState } from "preact/hooks";
import type { SourceNode } from "../../model/source-tree.ts";
import { ask } from "../link/token.ts";
import { page } from "../state/session.ts";

export type Footprint =
  | { readonly state: "none" }
  | { readonly state: "measuring" }
  | { readonly state: "known"; readonly tree: SourceNode }
  | { readonly state: "failed"; readonly why: string };

/** What the kernel's image takes: asked for once it is wanted, and kept. */
export function useFootprint(wanted: boolean): Footprint {
  const [footprint, setFootprint] = useState<Footprint>({ state: "none" });
  const { state } = footprint;
  useEffect(() => {
    if (!wanted || state !== "none") return;
    setFootprint({ state: "measuring" });
    askFootprint(page.peek().target ?? "target").then(
      (tree) => setFootprint({ state: "known", tree }),
      (thrown: unknown) =>
        setFootprint({ state: "failed", why: thrown instanceof Error ? thrown.message : String(thrown) }),
    );
  }, [wanted, state]);
  return footprint;
}

async function askFootprint(target: string): Promise<SourceNode> {
  const answer = await ask(`api/targets/${encodeURIComponent(target)}/footprint`);
  const content = (await answer.json()) as { readonly tree?: SourceNode; readonly error?: string };
  if (content.tree === undefined) throw new Error(content.error ?? `the server answered ${answer.status}`);
  return content.tree;
}
