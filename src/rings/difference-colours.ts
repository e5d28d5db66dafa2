/**
 * Colours of a change: orange for more, blue for less, which every kind of colour-blind eye tells apart; what is new or gone is
 * darker, so that it is told from what was there in grey as well.
 */
import type { ChangeKind } from "./difference-tree.ts";
import { hexOf } from "./oklch.ts";
import type { Shade } from "./ring-colours.ts";

export const CHANGE_SHADES: Readonly<Record<ChangeKind, Shade>> = {
  new: { light: hexOf({ l: 0.7, c: 0.165, h: 48 }), dark: hexOf({ l: 0.55, c: 0.13, h: 48 }) },
  grown: { light: hexOf({ l: 0.85, c: 0.1, h: 65 }), dark: hexOf({ l: 0.4, c: 0.08, h: 60 }) },
  mixed: { light: hexOf({ l: 0.9, c: 0.006, h: 230 }), dark: hexOf({ l: 0.36, c: 0.008, h: 230 }) },
  shrunk: { light: hexOf({ l: 0.84, c: 0.075, h: 245 }), dark: hexOf({ l: 0.4, c: 0.08, h: 250 }) },
  gone: { light: hexOf({ l: 0.68, c: 0.14, h: 250 }), dark: hexOf({ l: 0.55, c: 0.13, h: 255 }) },
};
