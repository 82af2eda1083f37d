import type uPlot from 'uplot';

/** A change of a group of replicas, or of all of them (null), that its curves alone do not tell. */
export interface Mark {
  readonly step: number;
  readonly group: number | null;
  readonly label: string;
  /** Where its step lies on the x-axis. */
  readonly x?: number;
}

/** A dashed line at each mark in its group's colour, and what it is, where that does not overprint the one before. */
export function drawMarks(chart: uPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = chart;
  const { min, max } = chart.scales.x!;
  const style = getComputedStyle(document.documentElement);
  const unit = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = unit;
  ctx.setLineDash([3 * unit, 3 * unit]);
  ctx.font = `${11 * unit}px system-ui, sans-serif`;
  ctx.textBaseline = 'bottom';
  let free = bbox.left;
  for (const { step, x = step, group, label } of [...marks].sort((a, b) => a.step - b.step)) {
    if (x < min! || x > max!) continue;
    const at = Math.round(chart.valToPos(x, 'x', true)) + 0.5;
    const colour = style.getPropertyValue(group === null ? '--text-muted' : `--curve-${group % 8}`).trim();
    ctx.strokeStyle = colour;
    ctx.fillStyle = colour;
    ctx.beginPath();
    ctx.moveTo(at, bbox.top);
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
    const { width } = ctx.measureText(label);
    const left = Math.max(bbox.left, Math.min(at - width / 2, bbox.left + bbox.width - width));
    if (left < free) continue;
    ctx.fillText(label, left, bbox.top - 1);
    free = left + width + 6 * unit;
  }
  ctx.restore();
}
