/** Each kind of chart as it was when somebody looked at it last. */
import { describe, it } from "vitest";
import { pngOf } from "../../src/report/ring-png.ts";
import { differenceChart } from "../../src/rings/difference-chart.ts";
import { ringChart, type RingChoice, type RingFacts } from "../../src/rings/ring-chart.ts";
import { sideBySide } from "../../src/rings/side-by-side.ts";
import { cloudKernel } from "./support/cloud-kernel.ts";
import { expectGoldenPixels, expectGoldenText } from "./support/golden.ts";
import { changed, tree } from "./support/trees.ts";

const kernel = cloudKernel();
const FACTS: RingFacts = {
  kernel: "6.1.0-56-cloud-amd64",
  source: "fixtures/6.1-amd64-demo/trace.txt.gz",
  rings: "directory, file, function",
};

const before = { root: changed(kernel, (path, bytes) => (path[0] === "block" ? 0 : bytes)), name: "before.kmemtap" };
const after = {
  root: changed(kernel, ([top, next], bytes) => {
    if (top === "crypto") return 0;
    return top === "mm" ? bytes * 0.6 : next === "trace" ? bytes * 3 : next === "ipv6" ? bytes * 1.5 : bytes;
  }),
  name: "after.kmemtap",
};

const CHARTS: Readonly<Record<string, (theme: RingChoice["theme"]) => string>> = {
  "allocated-light": (theme) => ringChart(kernel, FACTS, { attribute: "current_dynamic", theme: theme ?? "light" }),
  "static-dark": (theme) => ringChart(kernel, FACTS, { attribute: "static", theme: theme ?? "dark" }),
  "drivers-static": (theme) =>
    ringChart(kernel, FACTS, { attribute: "static", branch: ["drivers"], theme: theme ?? "light" }),
  "waste-not-exact": (theme) =>
    ringChart(
      kernel,
      { ...FACTS, notExact: "not exact: 17611 events lost (CPU 0, CPU 1)" },
      { attribute: "waste", branch: ["fs"], theme: theme ?? "dark" },
    ),
  nothing: (theme) =>
    ringChart(
      tree({}),
      { source: "empty.trace", rings: "module, function" },
      { attribute: "static", theme: theme ?? "light" },
    ),
  difference: (theme) => differenceChart(before, after, { attribute: "current_dynamic", theme: theme ?? "light" }),
  "no-difference": (theme) => differenceChart(before, before, { attribute: "current_dynamic", theme: theme ?? "dark" }),
  "side-by-side": (theme) => sideBySide(before, after, { attribute: "current_dynamic", theme: theme ?? "light" }),
};

describe.each(Object.entries(CHARTS))("%s", (name, draw) => {
  it("as SVG for both schemes, to the letter", () => {
    expectGoldenText(`${name}.svg`, draw("both"));
  });

  it("as PNG, by its pixels", async () => {
    expectGoldenPixels(`${name}.png`, await pngOf(draw(undefined), 0.6));
  });
});
