import { expect, it } from "vitest";
import { describeLag } from "../../../src/dashboard/parts/describe-lag.ts";

const lag = { behindSeconds: 12.3, waitingEvents: 84_000, etaSeconds: 40, overrun: 0 };

it("tells how far the account is behind, and when it will have caught up", () => {
  expect(describeLag(lag, 0)).toBe("12.3 s behind · 84,000 events waiting · ≈ 40 s to catch up");
  expect(describeLag({ ...lag, etaSeconds: null }, 0)).toBe(
    "12.3 s behind · 84,000 events waiting · the backlog is growing",
  );
  expect(describeLag({ ...lag, overrun: 4400 }, 0)).toMatch(/ · 4,400 events overwritten on the target$/);
  expect(describeLag({ behindSeconds: 0, waitingEvents: 0, etaSeconds: 0, overrun: 0 }, 0)).toBe("up to date");
});

it("tells of what was overwritten only what the account does not have yet", () => {
  expect(describeLag({ ...lag, overrun: 4400 }, 4399)).toMatch(/ · 1 more event overwritten on the target$/);
  expect(describeLag({ ...lag, overrun: 4400 }, 4400)).not.toContain("overwritten");
  expect(describeLag({ ...lag, overrun: 4400 }, 5000)).not.toContain("overwritten");
});
