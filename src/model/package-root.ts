import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder of kmemtap's package.json, `agent/` and `config/`: the code may be one of its sources or in a bundle. */
export const PACKAGE_ROOT = rootOf(import.meta.dirname);

function rootOf(folder: string): string {
  const above = dirname(folder);
  return above === folder || existsSync(join(folder, "package.json")) ? folder : rootOf(above);
}
