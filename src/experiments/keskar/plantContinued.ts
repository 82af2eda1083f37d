import { normal } from '../../random/normal.ts';
import type { CellEvidence, Truth } from '../experiment.ts';
import {
  type ContinuedCell,
  type ContinuedEvidence,
  type ContinuedProtocol,
  type ContinuedSolution,
  continuedStudy,
} from './continuedStudy.ts';

/** How many times the large batch's minimum is sharper than what the small batch leads to, and how solutions of a unit scatter (ln λ). */
export const PLANTED_CONTINUED = { sharper: 2.2, scatter: 0.15 } as const;

/**
 * Minima of known curvature in place of trained ones. `effect`: the small batch takes the curvature down, with the epochs as
 * 1 − 2^(−epochs/longest·4) of the way. `null`: whatever goes before or after, it is the large batch's.
 */
export function plantContinued(
  truth: Truth,
  protocol: ContinuedProtocol,
  seed: number,
): readonly CellEvidence<ContinuedCell, ContinuedEvidence>[] {
  const { sharper, scatter } = PLANTED_CONTINUED;
  const fall = truth === 'effect' ? Math.log(sharper) : 0;
  return continuedStudy.cells(protocol).map((cell, u) => {
    let drawn = 0;
    const draw = (): number => normal(seed, 3, u, drawn++);
    const ofUnit = Math.log(25) + 0.3 * draw();
    const solution = (share: number, loss: number): ContinuedSolution => ({
      step: 500,
      loss: 0.9 * loss,
      testAccuracy: 0.78,
      lambdaMax: Math.exp(ofUnit - share * fall + scatter * draw()),
      residual: 1e-4,
    });
    const { goal, lowerGoal, warmEpochs } = cell;
    const longest = warmEpochs.at(-1)!;
    const warm = (by: 'small' | 'large', epochs: number) => ({
      by,
      epochs,
      solution: solution(by === 'small' ? 1 - 2 ** ((-4 * epochs) / longest) : 0, goal),
    });
    return {
      cell,
      evidence: {
        large: solution(0, goal),
        bySmall: solution(1, lowerGoal),
        byLarge: solution(0, lowerGoal),
        byLargeUpdates: solution(0, lowerGoal / 4),
        warm: [...warmEpochs.map((epochs) => warm('small', epochs)), warm('large', longest)],
      },
    };
  });
}
