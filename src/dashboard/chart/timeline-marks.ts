/** What is drawn on the timeline: phases, marks, gaps, warnings, losses, and the window that was chosen. */
import type uPlot from "uplot";
import type { Alert, HistoryPoint, Mark } from "../../model/wire.ts";
import type { Span } from "../view/view.ts";
import { type GapSpan, gapsOf } from "./gaps.ts";
import { phasesOf } from "./phases.ts";
import type { Palette } from "./palette.ts";

export interface Drawn {
  readonly alerts: readonly Alert[];
  readonly marks: readonly Mark[];
  readonly history: readonly HistoryPoint[];
  readonly window: Span | null;
}

/** Drawn anew with every frame of the chart; `drawn` gives what is to be drawn then. */
export function timelineMarks(drawn: () => Drawn, palette: Palette): uPlot.Plugin {
  return {
    hooks: {
      drawAxes: (chart) => inPlot(chart, (pen) => drawPhases(pen, drawn().marks, palette)),
      draw: (chart) =>
        inPlot(chart, (pen) => {
          const { alerts, marks, history, window } = drawn();
          drawGaps(pen, gapsOf(marks, history), palette);
          drawMarks(pen, marks, palette);
          drawAlerts(pen, alerts, palette);
          if (window !== null) drawWindow(pen, window, palette);
        }),
    },
  };
}

interface Pen {
  readonly ctx: CanvasRenderingContext2D;
  readonly box: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
  /** Device pixels of a CSS pixel. */
  readonly scale: number;
  /** Where a moment is, seconds; undefined where it is out of sight. */
  readonly at: (seconds: number) => number | undefined;
  /** The same, held within the plot. */
  readonly within: (seconds: number) => number;
}

function inPlot(chart: uPlot, draw: (pen: Pen) => void): void {
  const { ctx, bbox: box } = chart;
  const place = (seconds: number) => Math.round(chart.valToPos(seconds, "x", true));
  ctx.save();
  // The axes leave theirs behind.
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  draw({
    ctx,
    box,
    scale: devicePixelRatio,
    at: (seconds) => {
      const x = place(seconds);
      return x >= box.left && x <= box.left + box.width ? x : undefined;
    },
    within: (seconds) => Math.min(box.left + box.width, Math.max(box.left, place(seconds))),
  });
  ctx.restore();
}

function drawPhases({ ctx, box, scale, within }: Pen, marks: readonly Mark[], palette: Palette): void {
  ctx.font = palette.font.replace(/^\d+/, (size) => String(Number(size) * scale));
  phasesOf(marks).forEach(({ name, fromS, toS }, index) => {
    const [left, right] = [within(fromS), within(toS ?? Infinity)];
    if (right <= left) return;
    ctx.fillStyle = index % 2 === 0 ? palette.phase : palette.phaseOther;
    ctx.fillRect(left, box.top, right - left, box.height);
    // A name that is cut tells nothing; the list of signs has them all.
    if (ctx.measureText(name).width + 6 * scale > right - left) return;
    ctx.fillStyle = palette.ink;
    ctx.fillText(name, left + 4 * scale, box.top + 12 * scale);
  });
}

function drawMarks({ ctx, box, scale, at }: Pen, marks: readonly Mark[], palette: Palette): void {
  ctx.font = palette.font.replace(/^\d+/, (size) => String(Number(size) * scale));
  ctx.lineWidth = scale;
  for (const { kind, timeNs, text } of marks) {
    if (kind !== "user" && kind !== "boot") continue;
    const x = at(timeNs / 1e9);
    if (x === undefined) continue;
    ctx.strokeStyle = ctx.fillStyle = palette.mark;
    ctx.beginPath();
    ctx.moveTo(x, box.top);
    ctx.lineTo(x, box.top + box.height);
    ctx.stroke();
    ctx.fillText(kind === "user" ? text : kind, x + 3 * scale, box.top + box.height - 5 * scale);
  }
}

/** Narrower than this a gap would be overlooked, CSS pixels. */
const GAP_WIDTH = 6;
const HATCH = 5;

/** Hatched: of that time nothing is known, and the line across it is a guess. */
function drawGaps({ ctx, box, scale, within }: Pen, gaps: readonly GapSpan[], palette: Palette): void {
  ctx.font = palette.font.replace(/^\d+/, (size) => String(Number(size) * scale));
  ctx.lineWidth = scale;
  for (const { fromS, toS } of gaps) {
    const [from, to] = [within(fromS), within(toS ?? Infinity)];
    // Out of sight, on either side.
    if (to === box.left || from === box.left + box.width) continue;
    const width = Math.max(to - from, GAP_WIDTH * scale);
    ctx.save();
    ctx.beginPath();
    ctx.rect(from, box.top, width, box.height);
    ctx.clip();
    ctx.fillStyle = palette.gap;
    ctx.fillRect(from, box.top, width, box.height);
    ctx.strokeStyle = palette.warn;
    ctx.beginPath();
    for (let x = from - box.height; x < from + width; x += HATCH * scale) {
      ctx.moveTo(x, box.top + box.height);
      ctx.lineTo(x + box.height, box.top);
    }
    ctx.stroke();
    ctx.restore();
    ctx.fillStyle = palette.warn;
    ctx.fillText("gap", from + width + 3 * scale, box.top + box.height - 5 * scale);
  }
}

/** Losses as dashed lines with a flag, warnings as triangles at the ground: signs that do not need their colour. */
function drawAlerts({ ctx, box, scale, at }: Pen, alerts: readonly Alert[], palette: Palette): void {
  ctx.lineWidth = scale;
  let drawnAt = Number.NEGATIVE_INFINITY;
  for (const { level, timeNs } of alerts) {
    if (level === "info") continue;
    const x = at(timeNs / 1e9);
    // A storm of losses needs one mark where the eye sees one line.
    if (x === undefined || Math.abs(x - drawnAt) < 3 * scale) continue;
    drawnAt = x;
    ctx.strokeStyle = ctx.fillStyle = level === "lost" ? palette.danger : palette.warn;
    if (level === "lost") {
      ctx.setLineDash([4 * scale, 3 * scale]);
      ctx.beginPath();
      ctx.moveTo(x, box.top);
      ctx.lineTo(x, box.top + box.height);
      ctx.stroke();
      ctx.setLineDash([]);
    }
    const top = level === "lost" ? box.top : box.top + box.height;
    const tip = level === "lost" ? 7 * scale : -7 * scale;
    ctx.beginPath();
    ctx.moveTo(x - 4 * scale, top);
    ctx.lineTo(x + 4 * scale, top);
    ctx.lineTo(x, top + tip);
    ctx.fill();
  }
}

/** What is outside of it is dimmed. */
function drawWindow({ ctx, box, scale, within }: Pen, { min, max }: Span, palette: Palette): void {
  const [left, right] = [within(min), within(max)];
  ctx.fillStyle = palette.veil;
  ctx.fillRect(box.left, box.top, left - box.left, box.height);
  ctx.fillRect(right, box.top, box.left + box.width - right, box.height);
  ctx.fillStyle = palette.ink;
  ctx.fillRect(left - scale, box.top, 2 * scale, box.height);
  ctx.fillRect(right - scale, box.top, 2 * scale, box.height);
}
