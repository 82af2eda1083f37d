import { normal } from '../../random/normal.ts';
import type { CellEvidence, Truth } from '../experiment.ts';
import {
  type SharpnessCell,
  type SharpnessEvidence,
  type SharpnessProtocol,
  sharpnessStudy,
} from './sharpnessStudy.ts';

/** Batch sharpness over 2/ε at rest, and how units and looks scatter (ln). */
export const PLANTED_SHARPNESS = { rest: 1, ofUnit: 0.05, ofLook: 0.05, noiseBatch: 30 } as const;

/**
 * Curvatures of known law in place of a network's: a batch of B sees λ_max(1 + b/B), b the noise of its curvature. `effect`: SGD holds
 * that at 2/ε, so that λ_max = (2/ε)/(1 + b/B). `null`: λ_max is the network's own, 0.4 of 2/ε at every B.
 */
export function plantSharpness(
  truth: Truth,
  protocol: SharpnessProtocol,
  seed: number,
): readonly CellEvidence<SharpnessCell, SharpnessEvidence>[] {
  const { rest, ofUnit, ofLook, noiseBatch } = PLANTED_SHARPNESS;
  return sharpnessStudy.cells(protocol).map((cell, u) => {
    let drawn = 0;
    const draw = (): number => normal(seed, 5, u, drawn++);
    const { lr, controlRate, batchSizes, looks, steps } = cell;
    const own = 0.4 * (2 / lr) * Math.exp(ofUnit * draw());
    const runs = [lr, controlRate].flatMap((rate) =>
      batchSizes.map((batchSize) => {
        const seen = 1 + noiseBatch / batchSize;
        const held = truth === 'effect' && rate === lr;
        const lambda = (held ? (rest * (2 / rate)) / seen : own) * Math.exp(ofUnit * draw());
        return {
          batchSize,
          lr: rate,
          looks: Array.from({ length: looks }, (_, i) => ({
            step: steps - looks + i + 1,
            loss: 0.02,
            batchSharpness: lambda * seen * Math.exp(ofLook * draw()),
            stderr: 0.02 * lambda * seen,
            lambdaMax: lambda * Math.exp(ofLook * draw()),
          })),
        };
      }),
    );
    return { cell, evidence: { runs } };
  });
}
