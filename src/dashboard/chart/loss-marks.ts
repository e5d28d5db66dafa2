import type uPlot from "uplot";
import type { Alert } from "../../model/wire.ts";

/** Draws each alert of a loss as a dashed line with a flag at its top: a sign that does not need its colour. */
export function lossMarks(losses: () => readonly Alert[], colour: string): uPlot.Plugin {
  return { hooks: { draw: (chart) => drawMarks(chart, losses(), colour) } };
}

function drawMarks(chart: uPlot, losses: readonly Alert[], colour: string): void {
  if (losses.length === 0) return;
  const { ctx, bbox } = chart;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour;
  ctx.lineWidth = scale;
  let drawnAt = Number.NEGATIVE_INFINITY;
  for (const { timeNs } of losses) {
    const x = Math.round(chart.valToPos(timeNs / 1e9, "x", true));
    // A storm of losses needs one mark where the eye sees one line.
    if (!(x >= bbox.left && x <= bbox.left + bbox.width) || Math.abs(x - drawnAt) < 3 * scale) continue;
    drawnAt = x;
    ctx.setLineDash([4 * scale, 3 * scale]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.moveTo(x - 4 * scale, bbox.top);
    ctx.lineTo(x + 4 * scale, bbox.top);
    ctx.lineTo(x, bbox.top + 7 * scale);
    ctx.fill();
  }
  ctx.restore();
}
