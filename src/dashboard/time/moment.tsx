/** A moment of the trace, by the clock that the page shows; by the other one when the pointer rests on it. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { type Clock, otherTime, sayTime } from "./clock.ts";

export const ClockContext = createContext<Clock>({ kind: "uptime", nowS: 0 });

interface MomentProps {
  /** Trace clock. */
  readonly seconds: number;
  readonly decimals?: number;
}

export function Moment({ seconds, decimals = 3 }: MomentProps) {
  const clock = useContext(ClockContext);
  return <span title={otherTime(clock, seconds)}>{sayTime(clock, seconds, decimals)}</span>;
}
