import { expect, it } from "vitest";
import { describeLag } from "../../../src/dashboard/parts/describe-lag.ts";

const lag = { behindSeconds: 12.3, waitingEvents: 84_000, etaSeconds: 40, overrun: 0 };

it("tells how far the account is behind, and when it will have caught up", () => {
  expect(describeLag(lag)).toBe("12.3 s behind · 84,000 events waiting · ≈ 40 s to catch up");
  expect(describeLag({ ...lag, etaSeconds: null })).toBe(
    "12.3 s behind · 84,000 events waiting · the backlog is growing",
  );
  expect(describeLag({ ...lag, overrun: 4400 })).toMatch(/ · 4,400 events overwritten on the target$/);
  expect(describeLag({ behindSeconds: 0, waitingEvents: 0, etaSeconds: 0, overrun: 0 })).toBe("up to date");
});
