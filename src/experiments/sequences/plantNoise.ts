import { normal } from '../../random/normal.ts';
import type { NoiseParts } from './noiseStudy.ts';
import { type TransformerNoiseProtocol, transformerNoise } from './noiseStudy.ts';
import type { NoiseRuns } from './readNoise.ts';

/** A law of the noise scales along a run. */
export interface PlantedNoise {
  /** B_simple grows as the step to this power. */
  readonly power: number;
  /** Standard deviation of the logarithm from window to window, of what LayerNorm's noise scale shares with the whole, and of its own. */
  readonly shared: number;
  readonly own: number;
  /** Of the logarithm of their ratio, from run to run. */
  readonly calibration: number;
}

/** Runs whose noise scale is a power of the step with scatter; LayerNorm's is a share of it. */
export function plantNoise(
  protocol: TransformerNoiseProtocol,
  seed: number,
  { power, shared, own, calibration }: PlantedNoise,
): NoiseRuns {
  return transformerNoise.cells(protocol).map((cell, c) => {
    const ratio = -0.7 + calibration * normal(seed, 231, c, 0);
    const windows = Array.from({ length: Math.floor(cell.steps / cell.window) }, (_, w) => {
      const to = (w + 1) * cell.window;
      const trend = cell.arm === 'still' ? 0 : power * Math.log(to);
      const log = 2 + trend + shared * normal(seed, 232, 512 * c + w, 0);
      const parts = (of: number): NoiseParts => ({ trace: 1, signal: Math.exp(-of) });
      return {
        to,
        loss: 3,
        all: parts(log),
        layerNorm: parts(log + ratio + own * normal(seed, 233, 512 * c + w, 0)),
      };
    });
    return { cell, evidence: { windows } };
  });
}
