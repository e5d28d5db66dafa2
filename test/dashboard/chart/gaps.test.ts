import { describe, expect, it } from "vitest";
import { gapsOf } from "../../../src/dashboard/chart/gaps.ts";
import type { HistoryPoint, Mark } from "../../../src/model/wire.ts";

const history = [1, 2, 7, 8].map((seconds): HistoryPoint => [seconds, 0, 0, 0]);
const gap = (seconds: number): Mark => ({ kind: "gap", timeNs: seconds * 1e9, atMs: 0, text: "the cable was pulled" });

describe("a gap", () => {
  it("reaches from what came last before it to what came first after it", () => {
    expect(gapsOf([gap(2.4)], history)).toEqual([{ fromS: 2, toS: 7, text: "the cable was pulled" }]);
    expect(gapsOf([gap(2)], history)).toMatchObject([{ fromS: 2, toS: 7 }]);
  });

  it("has no end while nothing has come", () => {
    expect(gapsOf([gap(8)], history)).toMatchObject([{ fromS: 8, toS: null }]);
  });

  it("begins where it was heard of when nothing came before", () => {
    expect(gapsOf([gap(0)], history)).toMatchObject([{ fromS: 0, toS: 1 }]);
    expect(gapsOf([gap(3)], [])).toMatchObject([{ fromS: 3, toS: null }]);
  });

  it("is not one of the other marks", () => {
    expect(gapsOf([{ ...gap(2), kind: "user" }], history)).toEqual([]);
  });
});
