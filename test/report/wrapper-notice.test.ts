import { describe, expect, it } from "vitest";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { wrapperNotice } from "../../src/report/wrapper-notice.ts";

const accountOf = (...callers: object[]) =>
  ({ callers, totals: { netBytes: 200 }, source: { recording: false } }) as unknown as Snapshot;

describe("the notice of wrappers", () => {
  it("names the largest, their sizes, their share and what helps", () => {
    const kasprintf = { caller: "kasprintf+0x1", wrapper: true, sizes: 4, netBytes: 30, totalBytes: 40 };
    const other = { caller: "mempool_alloc+0x2", wrapper: true, sizes: 1, netBytes: 20, totalBytes: 90 };
    const notice = wrapperNotice(accountOf({ caller: "owner", netBytes: 150, totalBytes: 150 }, kasprintf, other));
    expect(notice).toContain(
      "2 callers allocate for others: mempool_alloc+0x2, kasprintf+0x1 (4 sizes); 50 bytes net (25 %)",
    );
    expect(notice).toContain("--stacks");
    expect(notice).toContain("kmalloc_track_caller");
  });

  it("names commands that take stacks where the trace was read from a file, for report takes none", () => {
    const account = accountOf({ caller: "kasprintf+0x1", wrapper: true, netBytes: 30, totalBytes: 40 });
    const recorded = { ...account, source: { label: "f", recording: true, run: 1 } };
    expect(wrapperNotice(account)).toContain("known; --stacks names them, as does");
    expect(wrapperNotice(recorded)).toContain("known; a capture with --stacks names them (snapshot, run, live;");
  });

  it("does not advise stacks where there are some", () => {
    const row = { caller: "kasprintf+0x1", wrapper: true, netBytes: 30, totalBytes: 40 };
    const stacks = { charged: 9, stackless: 1, unmatched: 0, distinct: 4, beyond: 0 };
    const notice = wrapperNotice({ ...accountOf(row), stacks });
    expect(notice).toContain("came without a stack, or with one that names nobody else");
    expect(notice).not.toContain("--stacks");
  });

  it("is silent where there are none", () => expect(wrapperNotice(accountOf({ caller: "owner" }))).toBeUndefined());
});
