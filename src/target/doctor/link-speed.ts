/** How fast a link is, measured with no more bytes than it can carry in about a second. */
import type { Shell } from "../../model/ports.ts";
import { measureLink, throughputOf } from "../agent/measure-link.ts";
import type { LinkSpeed } from "./check-rate.ts";

/** From here on a shell's loop of echoes is what is slow, not the link. */
const FAST_BYTES_PER_SECOND = 1e6;
/** 4 MB, for links of many channels. */
const FAST_SCRIPT = "dd if=/dev/zero bs=65536 count=64 2>/dev/null | tr '\\000' x";

export async function linkSpeed(shell: Shell): Promise<LinkSpeed> {
  const { concurrent, link } = shell;
  const nominal = link.bytesPerSecond;
  const kilobytes = nominal === undefined ? 16 : Math.min(16, Math.max(1, Math.round((nominal * 0.5) / 1024)));
  const measured = await measureLink(shell, kilobytes);
  if (!concurrent || measured < FAST_BYTES_PER_SECOND) return { concurrent, measured };
  return { concurrent, measured: Math.max(measured, (await throughputOf(shell, FAST_SCRIPT)) ?? 0) };
}
