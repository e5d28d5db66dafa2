/** The entry of a ring chart as HTML: one tree, in the file itself. */
import { render } from "preact";
import { useState } from "preact/hooks";
import { ATTRIBUTE_WORDS } from "../../rings/attribute-words.ts";
import { unpacked } from "../../rings/compact-tree.ts";
import type { PageChart } from "../../rings/page-chart.ts";
import { AttributeChoice } from "./attribute-choice.tsx";
import "./file.css";
import { RingsExplorer } from "./rings-explorer.tsx";

const page = document.getElementById("page");
const data = document.getElementById("chart")?.textContent;
if (page === null || data === undefined) throw new Error("the page has no chart");
const { tree, facts, ...begin } = JSON.parse(data) as PageChart;
const root = unpacked(tree);

function Page() {
  const [attribute, setAttribute] = useState(begin.attribute);
  return (
    <main class="file">
      <header>
        <h1>{ATTRIBUTE_WORDS[attribute].title}</h1>
        <p class="file-kernel">{facts.kernel === undefined ? "" : `Linux ${facts.kernel}`}</p>
        <p>{facts.source}</p>
        <p>by {facts.rings}</p>
        <AttributeChoice attribute={attribute} onAttribute={setAttribute} />
        {facts.notExact !== undefined && <p class="file-loss">⚠ {facts.notExact}</p>}
      </header>
      <RingsExplorer root={root} attribute={attribute} branch={begin.branch} exact={facts.notExact === undefined} />
    </main>
  );
}

render(<Page />, page);
