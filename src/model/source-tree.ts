/**
 * The kernel's source as a tree of who holds memory: directories outward to files and functions, what the image takes
 * (static) beside what is allocated (dynamic).
 *
 * It is made where addresses become source (`symbols`) and drawn or printed where snapshots are (`report`, the page).
 */

/** Bytes of the image, as GNU `size -A` groups an object's sections. */
export interface StaticBytes {
  readonly text: number;
  readonly rodata: number;
  readonly data: number;
  readonly bss: number;
}

/** What the allocations of a place add up to; names and meanings are those of a snapshot's callers. */
export interface DynamicFigures {
  readonly netBytes: number;
  readonly totalBytes: number;
  readonly wasteBytes: number;
  readonly liveObjects: number;
  readonly allocs: number;
}

const NOTHING: DynamicFigures = { netBytes: 0, totalBytes: 0, wasteBytes: 0, liveObjects: 0, allocs: 0 };

/** What all of them come to; nothing else of what has these figures. */
export function sumOfFigures(all: Iterable<DynamicFigures>): DynamicFigures {
  const sum = { ...NOTHING };
  for (const figures of all)
    for (const name of Object.keys(sum) as (keyof DynamicFigures)[]) sum[name] += figures[name];
  return sum;
}

/** Figures of a node are its own and those of all below it. */
export interface SourceNode {
  /** A path's last part; of the root the kernel's name. `(unattributed)` holds what is in no file. */
  readonly name: string;
  readonly kind: "directory" | "file" | "symbol";
  /** Absent where no image was read. */
  readonly static?: StaticBytes;
  /** Absent where nothing was captured. */
  readonly dynamic?: DynamicFigures;
  /** Largest first is the drawer's business: these are by name. */
  readonly children: readonly SourceNode[];
}

/** The node of what no file is known of: nothing vanishes. */
export const UNATTRIBUTED = "(unattributed)";
/** The directory of files of which only the name is known. */
export const UNKNOWN_FOLDER = "?";
/** Said wherever that directory is shown. */
export const UNKNOWN_FOLDER_NOTE = `${UNKNOWN_FOLDER}: files of which only the name is known, not the directory`;

/** trace_analyze's attributes of a ring chart. */
export const RING_ATTRIBUTES = ["current", "static", "waste", "current_dynamic", "total_dynamic"] as const;
export type RingAttribute = (typeof RING_ATTRIBUTES)[number];

/** Bytes of a node by an attribute: `current` is what it takes now, static and dynamic. */
export function bytesOf(node: SourceNode, attribute: RingAttribute): number {
  switch (attribute) {
    case "current":
      return staticBytesOf(node) + (node.dynamic?.netBytes ?? 0);
    case "static":
      return staticBytesOf(node);
    case "waste":
      return node.dynamic?.wasteBytes ?? 0;
    case "current_dynamic":
      return node.dynamic?.netBytes ?? 0;
    case "total_dynamic":
      return node.dynamic?.totalBytes ?? 0;
  }
}

function staticBytesOf(node: SourceNode): number {
  const held = node.static;
  return held === undefined ? 0 : held.text + held.rodata + held.data + held.bss;
}
