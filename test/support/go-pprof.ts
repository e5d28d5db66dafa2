/** `go tool pprof` as the independent reader of our profiles: it shares nothing with what writes them. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "./temp-dir.ts";

/** For `describe.skipIf`. */
export const goMissing = spawnSync("go", ["version"]).status !== 0;
export const goNote = goMissing ? " (missing: go)" : "";

export interface ReadSample {
  readonly values: readonly number[];
  /** The innermost first; of each its lines, the inlined first: `kmalloc include/linux/slab.h:3`. */
  readonly frames: readonly (readonly string[])[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface ReadProfile {
  /** `alloc_objects/count`. */
  readonly types: readonly string[];
  readonly comments: readonly string[];
  readonly samples: readonly ReadSample[];
  /** File names of the images. */
  readonly mappings: readonly string[];
  readonly text: string;
}

/** What `go tool pprof ARGS PROFILE` prints. */
export function goPprof(args: readonly string[], profile: Uint8Array): string {
  const path = join(tempDir(), "profile.pb.gz");
  writeFileSync(path, profile);
  const { status, stdout, stderr } = spawnSync("go", ["tool", "pprof", ...args, path], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, HOME: tempDir() },
  });
  if (status !== 0) throw new Error(`go tool pprof: ${stderr}`);
  return stdout;
}

/** The profile as `-raw` prints it. */
export function readProfile(profile: Uint8Array): ReadProfile {
  const text = goPprof(["-raw"], profile);
  const [beginning, samples, locations, mappings] = text.split(/^(?:Samples:|Locations|Mappings)\n/m);
  const lines = samples.split("\n").filter((line) => line.trim() !== "");
  const places = readLocations(locations);
  const read: { values: number[]; frames: (readonly string[])[]; labels: Record<string, string> }[] = [];
  for (const line of lines.slice(1)) {
    const match = /^\s*((?:-?\d+\s+)*-?\d+): ([\d ]*)$/.exec(line);
    if (match === null) {
      for (const [, key, value] of line.matchAll(/([\w-]+):\[(.*?)\](?= \w+:\[|$| *$)/g))
        read[read.length - 1].labels[key] = value;
      continue;
    }
    const frames = match[2]
      .trim()
      .split(" ")
      .map((id) => places.get(id) ?? []);
    read.push({ values: match[1].trim().split(/\s+/).map(Number), frames, labels: {} });
  }
  return {
    types: lines[0].replace("[dflt]", "").trim().split(/\s+/),
    comments: [...beginning.matchAll(/^Comment: (.*)$/gm)].map(([, comment]) => comment),
    samples: read,
    mappings: mappings
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[2]),
    text,
  };
}

function readLocations(text: string): Map<string, string[]> {
  const places = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.split("\n")) {
    const match = /^\s+(\d+): 0x[0-9a-f]+ (?:M=\d+ )?(.*?) s=\d+/.exec(line);
    if (match !== null) places.set(match[1], (lines = [match[2]]));
    else if (line.trim() !== "") lines.push(line.trim().replace(/ s=\d+.*$/, ""));
  }
  return places;
}
