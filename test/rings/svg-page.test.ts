import { expect, it } from "vitest";
import { ringChart } from "../../src/rings/ring-chart.ts";
import { pngOf } from "../../src/report/ring-png.ts";
import { xmlText } from "../../src/rings/svg-page.ts";
import { tree } from "./support/trees.ts";

const HOSTILE = `</title><script>alert("1")</script>&amp;`;

it("text of a target is never markup", async () => {
  const root = tree({ [HOSTILE]: { [`${HOSTILE}\u0000\ud800.c`]: 100 } }, HOSTILE);
  const svg = ringChart(
    root,
    { kernel: HOSTILE, source: HOSTILE, rings: "directory", notExact: HOSTILE },
    { attribute: "current_dynamic", branch: [HOSTILE] },
  );
  expect(svg).not.toMatch(/<script|alert\("1/);
  expect(svg).toContain("&lt;script&gt;");
  // It is well-formed, or the renderer would refuse it.
  expect((await pngOf(svg, 0.2)).length).toBeGreaterThan(1000);
});

it("what XML cannot hold becomes a question mark", () => {
  expect(xmlText("a\u0000b\u001bc\ud800d\uffffe\u0085f")).toBe("a?b?c?d?e?f");
  expect(xmlText('ümlaut 😀 <&>"')).toBe("ümlaut 😀 &lt;&amp;&gt;&quot;");
});

it("needs nothing but itself", () => {
  const svg = ringChart(tree({ fs: 1, mm: 1 }), { source: "x", rings: "module" }, { attribute: "current_dynamic" });
  expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/https?:|url\(|@import|<image|<script/);
  expect(svg).toContain("@media (prefers-color-scheme:dark)");
});
