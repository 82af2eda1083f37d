import type { ContourPanel, Figure, Panel } from '../../experiments/figure.ts';
import type { LandscapeResult } from '../../measure/landscape/landscapeResult.ts';
import { lineFigure } from './lineFigure.ts';
import { type PlaneLook, planeFigure } from './planeFigure.ts';
import { raysFigure } from './raysFigure.ts';

/** The figure of a landscape: two axes along a line, levels over a plane, a bundle of rays. */
export function landscapeFigure(result: LandscapeResult, look?: PlaneLook): Figure<Panel | ContourPanel> {
  if (result.kind === 'line') return lineFigure(result);
  if (result.kind === 'plane') return planeFigure(result, look);
  return raysFigure(result);
}
