/** Where the frames of a flame graph are drawn. Pure. */
import type { FlameNode } from "./flame-tree.ts";

export interface Frame {
  readonly node: FlameNode;
  /** Names from the root, which is not among them. */
  readonly path: readonly string[];
  readonly depth: number;
  readonly x: number;
  readonly width: number;
}

/** Narrower than this is no mark for an eye, nor for a pointer. */
const LEAST_WIDTH = 2;

/**
 * The frames that can be seen, row by row from the outermost, each row from left to right.
 *
 * @param path of the frame that takes the whole width: above it its callers, as wide as it, below it what it called
 */
export function flameLayout(root: FlameNode, path: readonly string[], width: number): Frame[] {
  const frames: Frame[] = [];
  let node = root;
  frames.push({ node, path: [], depth: 0, x: 0, width });
  for (const [depth, name] of path.entries()) {
    const child = node.children.find((one) => one.name === name);
    if (child === undefined) break;
    node = child;
    frames.push({ node, path: path.slice(0, depth + 1), depth: depth + 1, x: 0, width });
  }
  const last = frames[frames.length - 1];
  if (last.node.value > 0) lay(last, { width, value: last.node.value }, frames);
  return frames.sort((a, b) => a.depth - b.depth || a.x - b.x);
}

function lay(parent: Frame, whole: { readonly width: number; readonly value: number }, frames: Frame[]): void {
  let { x } = parent;
  for (const node of parent.node.children) {
    const width = whole.width * (node.value / whole.value);
    if (width >= LEAST_WIDTH) {
      const frame = { node, path: [...parent.path, node.name], depth: parent.depth + 1, x, width };
      frames.push(frame);
      lay(frame, whole, frames);
    }
    x += width;
  }
}

/** The frame that an arrow key leads to: up to the caller, down to what it called most, aside within the row; null for other keys. */
export function frameForKey(frames: readonly Frame[], at: number, key: string): number | null {
  const from = frames.at(at);
  if (from === undefined) return null;
  const find = (isIt: (frame: Frame) => boolean) => {
    const found = frames.findIndex(isIt);
    return found < 0 ? at : found;
  };
  const centre = from.x + from.width / 2;
  switch (key) {
    case "ArrowUp":
      return find(({ depth, x, width }) => depth === from.depth - 1 && x <= centre && centre <= x + width);
    case "ArrowDown":
      return find(({ depth, path }) => depth === from.depth + 1 && from.path.every((name, i) => path[i] === name));
    case "ArrowLeft":
      return frames.at(at - 1)?.depth === from.depth ? at - 1 : at;
    case "ArrowRight":
      return frames.at(at + 1)?.depth === from.depth ? at + 1 : at;
    case "Home":
      return 0;
    default:
      return null;
  }
}
