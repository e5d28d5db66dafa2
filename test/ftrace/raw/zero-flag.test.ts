/** The bit of `__GFP_ZERO`, as kernels' format files have it. */
import { expect, it } from "vitest";
import { zeroFlagOf } from "../../../src/ftrace/raw/zero-flag.ts";

const fmt = (flag: string) =>
  `print fmt: "gfp_flags=%s", (REC->gfp_flags) ? __print_flags(REC->gfp_flags, "|", {(unsigned long)((( gfp_t)0x20u)|(( gfp_t)0x80u)), "GFP_ATOMIC"}, ${flag}, {(unsigned long)((gfp_t)0x400000u), "__GFP_OTHER"}) : "none"\n`;

it.each([
  ["a 3.x", '{(unsigned long)(( gfp_t)0x8000u), "GFP_ZERO"}', 0x8000],
  ["a 4.9", '{(unsigned long)((gfp_t)0x8000u), "__GFP_ZERO"}', 0x8000],
  ["a 5.10", '{(unsigned long)(( gfp_t)0x100u), "__GFP_ZERO"}', 0x100],
  ["a 6.12", '{( unsigned long)(( gfp_t)((((1UL))) << (8))), "__GFP_ZERO"}', 0x100],
  ["an enum that nothing explains", '{( unsigned long)(( gfp_t)((((1UL))) << (___GFP_ZERO_BIT))), "__GFP_ZERO"}', 0],
  ["a value of several bits", '{(unsigned long)(( gfp_t)0x180u), "__GFP_ZERO"}', 0],
  ["a bit of no word", '{(unsigned long)(1UL << 40), "__GFP_ZERO"}', 0],
  ["another flag", '{(unsigned long)(( gfp_t)0x100u), "__GFP_ZEROTAGS"}', 0],
])("is known of %s", (_, flag, bit) => {
  expect(zeroFlagOf(fmt(flag))).toBe(bit);
});
