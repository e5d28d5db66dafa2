/**
 * A real kernel's source tree with a real boot in it: Debian's 6.1.0-56-cloud-amd64, the text of its functions by source file
 * as its debug package has them (llvm-symbolizer on all 46,420, the last of the inlined frames), and who held memory at the
 * end of fixtures/6.1-amd64-demo. Functions are named where they allocated; the others are their file's own bytes.
 *
 * A line for each file, `PATH TEXT`, and below it ` FUNCTION TEXT NET TOTAL WASTE LIVE ALLOCS`.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import {
  type DynamicFigures,
  type SourceNode,
  type StaticBytes,
  sumOfFigures,
} from "../../../src/model/source-tree.ts";

interface Draft {
  readonly name: string;
  readonly kind: SourceNode["kind"];
  text: number;
  dynamic: DynamicFigures;
  readonly children: Map<string, Draft>;
}

const NONE: DynamicFigures = { netBytes: 0, totalBytes: 0, wasteBytes: 0, liveObjects: 0, allocs: 0 };

export function cloudKernel(parts: { static?: boolean; dynamic?: boolean } = {}): SourceNode {
  const { static: image = true, dynamic: capture = true } = parts;
  const text = gunzipSync(readFileSync(new URL("cloud-6.1.tree.txt.gz", import.meta.url))).toString();
  const root = draft("6.1.0-56-cloud-amd64", "directory");
  let places: Draft[] = [];
  for (const line of text.trimEnd().split("\n")) {
    const [path, ...figures] = line.trimStart().split(" ");
    const [bytes, netBytes, totalBytes, wasteBytes, liveObjects, allocs] = figures.map(Number);
    if (line.startsWith(" ")) {
      const symbol = draft(path, "symbol");
      places[places.length - 1].children.set(path, symbol);
      symbol.text = bytes;
      for (const place of [...places, symbol])
        place.dynamic = sumOfFigures([place.dynamic, { netBytes, totalBytes, wasteBytes, liveObjects, allocs }]);
    } else {
      places = placesOf(root, path.split("/"));
      for (const place of places) place.text += bytes;
    }
  }
  return nodeOf(root, image, capture);
}

function placesOf(root: Draft, names: readonly string[]): Draft[] {
  const places = [root];
  names.forEach((name, index) => {
    const { children } = places[index];
    const kind = index === names.length - 1 && name.includes(".") ? "file" : "directory";
    const place = children.get(name) ?? draft(name, kind);
    children.set(name, place);
    places.push(place);
  });
  return places;
}

function draft(name: string, kind: SourceNode["kind"]): Draft {
  return { name, kind, text: 0, dynamic: NONE, children: new Map() };
}

function nodeOf({ name, kind, text, dynamic, children }: Draft, image: boolean, capture: boolean): SourceNode {
  const bytes: StaticBytes = { text, rodata: 0, data: 0, bss: 0 };
  return {
    name,
    kind,
    ...(image && { static: bytes }),
    ...(capture && { dynamic }),
    children: [...children.values()].map((child) => nodeOf(child, image, capture)),
  };
}
