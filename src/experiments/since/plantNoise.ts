import { normalOf } from '../../random/normal.ts';
import { threefry2x32 } from '../../random/threefry.ts';
import type { CellEvidence, Truth } from '../experiment.ts';
import { SAME } from './noiseEnds.ts';
import {
  type ArmEnds,
  type NoiseArm,
  type NoiseCell,
  type NoiseEvidence,
  type NoiseProtocol,
  noiseStudy,
} from './noiseStudy.ts';

const PURPOSE = 0x0003_0003;

/**
 * A unit's evidence with the scatter of the pilot about ends that are SGD's, but for one arm's λ_max, which is `sharper` times as large; and
 * variances of normal draws.
 */
function plantedNoise(
  { draws, covarianceDraws, eigenvectors }: NoiseCell,
  { arm: of, sharper }: { readonly arm: NoiseArm; readonly sharper: number },
  seed: number,
): NoiseEvidence {
  let n = 0;
  const normal = (): number => normalOf(threefry2x32(seed, PURPOSE, n++, 0));
  const trunk = { lambda: 20 * Math.exp(0.3 * normal()), distance: 3, testLoss: 0.8 };
  const arm = (factors: { lambda: number; distance: number; testLoss: number }, runs: number): ArmEnds => {
    const values = (centre: number, scatter: number): number[] =>
      Array.from({ length: runs }, () => centre * Math.exp(scatter * normal()));
    return {
      lambda: values(trunk.lambda * factors.lambda, 0.1),
      distance: values(trunk.distance * factors.distance, 0.015),
      trainLoss: values(0.05, 0.1),
      testLoss: values(trunk.testLoss * factors.testLoss, 0.03),
    };
  };
  const same = { lambda: 1, distance: 1, testLoss: 1 };
  const exact = Array.from({ length: eigenvectors }, (_, k) => 1e-2 / (k + 1));
  return {
    arms: {
      sgd: arm(same, draws),
      covariance: arm(same, draws),
      isotropic: arm({ lambda: 0.6, distance: 1.3, testLoss: 1.1 }, draws),
      svag: arm(same, draws),
      whole: arm({ lambda: 1.8, distance: 0.8, testLoss: 1 }, 1),
      [of]: arm({ ...same, lambda: sharper }, draws),
    },
    covariance: {
      exact,
      drawn: exact.map((of) => of * (1 + Math.sqrt(2 / covarianceDraws) * normal())),
      draws: covarianceDraws,
      isotropic: 2e-5,
    },
  };
}

/** Units whose arm ends where SGD does, or with a λ_max at the end of the margin: what the claims of an arm plant. */
export function plantEnds(arm: NoiseArm) {
  return (truth: Truth, protocol: NoiseProtocol, seed: number): CellEvidence<NoiseCell, NoiseEvidence>[] => {
    const sharper = truth === 'effect' ? 1 : SAME.lambda;
    return noiseStudy
      .cells({ ...protocol, seed: 0 })
      .map((cell, u) => ({ cell, evidence: plantedNoise(cell, { arm, sharper }, 1000 * seed + u) }));
  };
}
