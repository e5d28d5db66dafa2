/**
 * Stored pictures. One that is missing is written, which on a builder (CI=true) is a failure; one that differs leaves what was
 * drawn beside it (`NAME.drawn.EXT`, and for pixels `NAME.difference.png`), which git ignores.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { PNG } from "pngjs";
import { expect } from "vitest";

const FOLDER = new URL("../golden/", import.meta.url);
/** Of 255: another processor rounds an edge differently. */
const SLIGHT = 24;
/** Of all pixels. */
const TOLERATED = 0.001;

export function expectGoldenText(name: string, text: string): void {
  const golden = stored(name, Buffer.from(text));
  const drawn = fileOf(name, "drawn");
  if (golden.toString() === text) rmSync(drawn, { force: true });
  else writeFileSync(drawn, text);
  // Compared by a flag first: a difference of two long lines takes minutes to print.
  expect(golden.toString() === text, `${name} differs: see ${drawn.pathname}`).toBe(true);
}

export function expectGoldenPixels(name: string, picture: Uint8Array): void {
  const [golden, drawn] = [PNG.sync.read(stored(name, picture)), PNG.sync.read(Buffer.from(picture))];
  expect([drawn.width, drawn.height]).toEqual([golden.width, golden.height]);
  const difference = new PNG({ width: golden.width, height: golden.height });
  let differing = 0;
  for (let at = 0; at < golden.data.length; at += 4) {
    const apart = Math.max(...[0, 1, 2].map((part) => Math.abs(golden.data[at + part] - drawn.data[at + part])));
    if (apart > SLIGHT) differing++;
    difference.data.set([apart, apart, apart, 255], at);
  }
  const share = differing / (golden.width * golden.height);
  const files = [fileOf(name, "drawn"), fileOf(name, "difference")];
  if (share <= TOLERATED) for (const file of files) rmSync(file, { force: true });
  else {
    writeFileSync(files[0], picture);
    writeFileSync(files[1], PNG.sync.write(difference));
  }
  expect(share, `${name} differs: see ${files[1].pathname}`).toBeLessThanOrEqual(TOLERATED);
}

function stored(name: string, drawn: Uint8Array): Buffer {
  const file = new URL(name, FOLDER);
  if (!existsSync(file)) {
    if (process.env["CI"] === "true")
      throw new Error(`there is no golden ${name}: run this test without CI, look at it, commit it`);
    writeFileSync(file, drawn);
  }
  const golden = readFileSync(file);
  expect(golden.length, `${name} is for git`).toBeLessThan(200_000);
  return golden;
}

function fileOf(name: string, what: string): URL {
  return new URL(name.replace(/\.(\w+)$/, `.${what}.$1`), FOLDER);
}
