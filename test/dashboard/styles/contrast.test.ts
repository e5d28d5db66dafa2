/** WCAG AA, 4.5:1, for every text colour on every ground that it is set on, in both schemes. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync(new URL("../../../src/dashboard/styles/tokens.css", import.meta.url), "utf8");
const [light, dark] = css.split("@media (prefers-color-scheme: dark)").map(readTokens);

const PAIRS = [
  ...["--ground", "--surface", "--raised"].flatMap((ground) =>
    ["--ink", "--ink-2", "--ink-3", "--accent", "--danger", "--warn"].map((ink) => [ink, ground] as const),
  ),
  ...["--ink", "--ink-2", "--accent"].map((ink) => [ink, "--accent-soft"] as const),
  ...["--ink", "--ink-2", "--ink-3", "--danger"].map((ink) => [ink, "--danger-soft"] as const),
  ...["--ink", "--ink-2", "--warn"].map((ink) => [ink, "--warn-soft"] as const),
  // A warning in the list of alerts stands on the newest one's ground.
  ["--warn", "--danger-soft"] as const,
  ["--danger", "--warn-soft"] as const,
];

describe.each([
  ["light", light],
  ["dark", dark],
])("%s", (_scheme, tokens) => {
  it.each(PAIRS)("%s on %s", (ink, ground) => {
    expect(contrast(token(tokens, ink), token(tokens, ground))).toBeGreaterThanOrEqual(4.5);
  });
});

function readTokens(text: string): Map<string, string> {
  return new Map([...text.matchAll(/(--[\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]));
}

function token(tokens: ReadonlyMap<string, string>, name: string): string {
  const value = tokens.get(name);
  if (value === undefined) throw new Error(`tokens.css has no ${name}`);
  return value;
}

function contrast(a: string, b: string): number {
  const [dim, bright] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (bright + 0.05) / (dim + 0.05);
}

/** Relative luminance as WCAG 2 defines it. */
function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
