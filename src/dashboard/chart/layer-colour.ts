/** Colours of the layers: those that the same names have in the rings. */
import { shadeOf, type Shade } from "../../rings/ring-colours.ts";
import { functionOf } from "../../model/function-name.ts";
import type { Stacking } from "./stack.ts";

export function layerShade(name: string, stacking: Stacking): Shade {
  if (stacking === "directories")
    return shadeOf({ path: name === "built-in" ? ["kernel"] : name.split("/"), kind: "directory" });
  const { name: symbol, module } = functionOf(name);
  return shadeOf({ path: [module === null ? "built-in" : `[${module}]`, symbol], kind: "symbol" });
}
