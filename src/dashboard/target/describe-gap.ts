import type { TargetFacts } from "../../model/target-facts.ts";
import { formatSpan, formatWallClock } from "../format/time.ts";

/** `14:03:12 to 14:03:20 (8.0 s): connection reset` */
export function describeGap({ fromMs, toMs, reason }: TargetFacts["gaps"][number]): string {
  const span = `${formatWallClock(fromMs)} to ${formatWallClock(toMs)} (${formatSpan((toMs - fromMs) / 1000)})`;
  return reason === "" ? span : `${span}: ${reason}`;
}
