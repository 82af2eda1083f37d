import { normal } from '../../random/normal.ts';
import type { CellEvidence, Truth } from '../experiment.ts';
import { type EdgeCell, type EdgeEvidence, type EdgeProtocol, edgeStudy, lookSteps } from './edgeStudy.ts';

/** Where a planted run comes to rest at, and how looks and units scatter (ln λ). */
export const PLANTED_EDGE = { rest: 1.06, ofLook: 0.03, ofUnit: 0.03, rise: 0.01 } as const;

/**
 * A curvature that is simulated in place of a network's: λ grows by 1 % a step (progressive sharpening). `effect`: above 1.06·2/ε it is
 * bent back, as the oscillation along its eigenvector does. `null`: it is bounded by a number that knows nothing of ε.
 */
export function plantEdge(
  truth: Truth,
  protocol: EdgeProtocol,
  seed: number,
): readonly CellEvidence<EdgeCell, EdgeEvidence>[] {
  const { rest, ofLook, ofUnit, rise } = PLANTED_EDGE;
  return edgeStudy.cells(protocol).map((cell, u) => {
    let drawn = 0;
    const draw = (): number => normal(seed, 4, u, drawn++);
    const { rates, controlRate, steps, looks } = cell;
    const middle = rates[rates.length >> 1]!;
    const start = 0.2 / rates.at(-1)!;
    const runs = [...rates, controlRate].map((lr) => {
      const most = (truth === 'effect' && lr !== controlRate ? 2 / lr : 2 / middle) * rest;
      const edge = Math.exp(ofUnit * draw()) * most;
      return {
        lr,
        looks: lookSteps(steps, looks).map((step) => ({
          step,
          loss: 0.1 / Math.sqrt(step),
          lambdaMax: Math.min(edge, start * Math.exp(rise * step)) * Math.exp(ofLook * draw()),
        })),
      };
    });
    return { cell, evidence: { runs } };
  });
}
