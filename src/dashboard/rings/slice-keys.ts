import type { Slice } from "../../rings/ring-geometry.ts";

type Place = Pick<Slice, "depth" | "startAngle" | "endAngle">;

/**
 * Where a key leads from a slice: left and right along its ring, up to what is outside it, down to what holds it.
 *
 * @returns the index, or null where the key does not mean that or there is nothing
 */
export function neighbourOf(slices: readonly Place[], from: number, key: string): number | null {
  const here = slices.at(from);
  if (here === undefined) return null;
  const ring = (depth: number) => slices.flatMap((slice, index) => (slice.depth === depth ? [{ slice, index }] : []));
  const middle = (here.startAngle + here.endAngle) / 2;
  switch (key) {
    case "ArrowRight":
    case "ArrowLeft": {
      const around = ring(here.depth).sort((a, b) => a.slice.startAngle - b.slice.startAngle);
      const at = around.findIndex(({ index }) => index === from);
      const step = key === "ArrowRight" ? 1 : around.length - 1;
      return around[(at + step) % around.length].index;
    }
    case "ArrowUp":
      return ring(here.depth + 1).find(({ slice }) => within(here, slice))?.index ?? null;
    case "ArrowDown":
      return (
        ring(here.depth - 1).find(({ slice }) => slice.startAngle <= middle && middle <= slice.endAngle)?.index ?? null
      );
    case "Home":
      return 0;
    default:
      return null;
  }
}

function within(outer: Place, { startAngle, endAngle }: Place): boolean {
  const middle = (startAngle + endAngle) / 2;
  return outer.startAngle <= middle && middle <= outer.endAngle;
}
