/** What layers are called where there is little room. Pure. */
import { functionOf } from "../../model/function-name.ts";

/** A call site's function, with the place in it only where another layer is of the same; a directory as it is. By layer. */
export function layerNames(layers: readonly string[]): ReadonlyMap<string, string> {
  const short = layers.map(shortName);
  const times = new Map<string, number>();
  for (const name of short) times.set(name, (times.get(name) ?? 0) + 1);
  return new Map(layers.map((layer, i) => [layer, (times.get(short[i]) ?? 0) > 1 ? withOffset(layer) : short[i]]));
}

function shortName(layer: string): string {
  const { name, module, offset } = functionOf(layer);
  return offset === null ? layer : module === null ? name : `${name} [${module}]`;
}

/** `kstrdup+0x2f`: without the function's size, which tells nothing apart. */
function withOffset(layer: string): string {
  return layer.replace(/\/0x[0-9a-f]+/, "");
}
