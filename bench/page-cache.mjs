/** The first reader of a file pays for the disk; that must not be one of the peers. */
import { closeSync, openSync, readSync } from "node:fs";

export function warmPageCache(file) {
  const fd = openSync(file, "r");
  const buffer = Buffer.allocUnsafe(4 << 20);
  while (readSync(fd, buffer, 0, buffer.length, null) > 0);
  closeSync(fd);
}
