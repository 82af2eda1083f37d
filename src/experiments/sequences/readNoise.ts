import type { CellEvidence } from '../experiment.ts';
import type {
  NoiseParts,
  NoiseWindow,
  TransformerNoiseCell,
  TransformerNoiseEvidence,
} from './noiseStudy.ts';

export type NoiseRun = CellEvidence<TransformerNoiseCell, TransformerNoiseEvidence>;
export type NoiseRuns = readonly NoiseRun[];

/** Whose noise scale is read: that of all parameters, or of LayerNorm's weights and biases. */
export type Of = 'all' | 'layerNorm';

/** The runs of an arm, in the order of the units. */
export function runsOf(found: NoiseRuns, arm: TransformerNoiseCell['arm']): NoiseRuns {
  return found.filter(({ cell }) => cell.arm === arm);
}

/** Windows that lie within a share of the run's steps. */
export function windowsWithin(
  { cell, evidence }: NoiseRun,
  [from, to]: readonly [number, number],
): readonly NoiseWindow[] {
  return evidence.windows.filter(
    (window) => window.to - cell.window >= from * cell.steps && window.to <= to * cell.steps,
  );
}

/** B_simple of some windows together: tr Σ and |G|² averaged apart, divided once. null where |G|² is not above 0. */
export function noiseScaleOf(windows: readonly NoiseWindow[], of: Of): number | null {
  const sum = (part: keyof NoiseParts): number => windows.reduce((total, each) => total + each[of][part], 0);
  const signal = sum('signal');
  return windows.length > 0 && signal > 0 ? sum('trace') / signal : null;
}

/** log B_simple over the logarithm of the step, of all windows that tell both: what a calibration and a trend are fitted to. */
export function logNoise(
  run: NoiseRun,
  from: number,
): readonly { readonly x: number; readonly all: number; readonly layerNorm: number }[] {
  return windowsWithin(run, [from, 1]).flatMap((window) => {
    const [all, layerNorm] = [noiseScaleOf([window], 'all'), noiseScaleOf([window], 'layerNorm')];
    if (all === null || layerNorm === null || all <= 0 || layerNorm <= 0) return [];
    return [{ x: Math.log(window.to), all: Math.log(all), layerNorm: Math.log(layerNorm) }];
  });
}
