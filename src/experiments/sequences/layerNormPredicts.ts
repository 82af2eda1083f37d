import { straightLine } from '../../measure/statistics/straightLine.ts';
import { claim } from '../claim.ts';
import type { Panel } from '../figure.ts';
import type { Measured } from '../verdict/measured.ts';
import { transformerNoise } from './noiseStudy.ts';
import { plantNoise } from './plantNoise.ts';
import { logNoise, type NoiseRun, type NoiseRuns, runsOf } from './readNoise.ts';

/** By how much the whole noise scale may be off what LayerNorm's predicts. */
const OFF = 1.5;
/** The smallest correlation of the two, trends removed. */
const CORRELATION = 0.5;
/** The share of a run that is not looked at: its first steps, over which ε rises. */
const FROM = 0.1;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The mean of log(B_simple/B_LN) over the windows of runs. */
function calibration(runs: NoiseRuns, from: number): number {
  return mean(runs.flatMap((run) => logNoise(run, from).map(({ all, layerNorm }) => all - layerNorm)));
}

/** Of each run the root mean square of log(B_simple/predicted), the factor between them being that of the other runs. */
function errors(runs: NoiseRuns, from: number): Measured {
  return {
    name: 'B_simple over what LayerNorm’s predicts',
    values: runs.map((run) => {
      const own = logNoise(run, from);
      if (own.length < 3) return null;
      const factor = calibration(
        runs.filter((other) => other !== run),
        from,
      );
      return Math.exp(Math.sqrt(mean(own.map(({ all, layerNorm }) => (all - layerNorm - factor) ** 2))));
    }),
    margin: [null, OFF],
    scale: 'log',
  };
}

/** What is left of one of the two logarithms at each step, its straight line over the logarithm of the step taken away. */
function residuals(run: NoiseRun, of: 'all' | 'layerNorm', from: number): ReadonlyMap<number, number> | null {
  const points = logNoise(run, from).map((point) => ({ x: point.x, y: point[of] }));
  const line = points.length < 4 ? null : straightLine(points);
  return line && new Map(points.map(({ x, y }) => [x, y - line.intercept - line.slope * x]));
}

/** Pearson's correlation over the windows that both have; null for fewer than four. */
function correlation(
  a: ReadonlyMap<number, number> | null,
  b: ReadonlyMap<number, number> | null,
): number | null {
  const pairs = [...(a ?? [])].flatMap(([x, y]) => (b?.has(x) ? [[y, b.get(x)!] as const] : []));
  if (pairs.length < 4) return null;
  const centre = [0, 1].map((i) => mean(pairs.map((pair) => pair[i]!)));
  const product = (i: number, j: number): number =>
    pairs.reduce((sum, pair) => sum + (pair[i]! - centre[i]!) * (pair[j]! - centre[j]!), 0);
  const scale = Math.sqrt(product(0, 0) * product(1, 1));
  return scale > 0 ? product(0, 1) / scale : null;
}

/** @param shift LayerNorm's noise scale is that of so many runs on */
function correlations(runs: NoiseRuns, from: number, shift = 0): Measured {
  return {
    name: 'correlation of the two about their trends',
    values: runs.map((run, i) =>
      correlation(
        residuals(run, 'all', from),
        residuals(runs[(i + shift) % runs.length]!, 'layerNorm', from),
      ),
    ),
    margin: [CORRELATION, null],
  };
}

const both = (found: NoiseRuns, from: number): Measured[] => {
  const runs = runsOf(found, 'trained');
  return [errors(runs, from), correlations(runs, from)];
};

/** Whether LayerNorm's own noise scale tells that of the whole model. */
export const layerNormPredicts = claim({
  id: 'layer-norm-predicts',
  version: 1,
  paper: 'since',
  study: transformerNoise,
  statement:
    'The noise scale of LayerNorm’s weights and biases predicts that of the whole Transformer, by a factor that other runs have told',
  source: 'Gray et al. 2024, section 4',
  population:
    'Transformers of two layers of width 32, 4 heads, over 32 bytes of Moby Dick, by AdamW with ε = 0.003 and B = 32 over 800 steps; windows of 40 steps behind the first tenth',
  unit: 'a run with initial weights, order and sequences of its own, which the other runs’ factor is carried to',
  prediction: `the noise scale of all parameters lies within a factor of ${OFF} of LayerNorm’s times the others’ mean ratio, in the root mean square over the windows; and what both have beside a power of the step goes together, with a correlation of at least ${CORRELATION}: two that merely grow alike would predict each other without being of one cause. A factor of 1.5 is what a choice of B would not notice`,
  refutedBy: `an error of more than a factor of ${OFF}, or a correlation below ${CORRELATION}`,
  power: {
    pilot: 'none yet: distance and scatter are those of the planted case',
    scatter: 0.12,
    distance: 0.25,
    units: 8,
  },
  effects: (found) => both(found, FROM),
  controls: (found) => [
    {
      name: 'LayerNorm’s noise scale of another run',
      removes: 'the two are not of the same gradients, and have but their trends in common',
      effects: [correlations(runsOf(found, 'trained'), FROM, 1)],
    },
  ],
  sensitivity: (found) => [
    { name: 'the whole run', effects: both(found, 0) },
    { name: 'the last half', effects: both(found, 0.5) },
  ],
  plantedAs: {
    effect:
      'LayerNorm’s noise scale is a share of the whole, with a scatter of its own of half that which they share',
    null: 'one that shares a quarter of its scatter about the trend with the whole: a correlation of 0.5',
  },
  plant: (truth, protocol, seed) =>
    plantNoise(
      protocol,
      seed,
      truth === 'effect'
        ? { power: 0.6, shared: 0.2, own: 0.1, calibration: 0.1 }
        : { power: 0.6, shared: 0.15, own: 0.15 * Math.sqrt(3), calibration: 0.1 },
    ),
  panels: (found) => [against(runsOf(found, 'trained'))],
});

function against(runs: NoiseRuns): Panel {
  return {
    title: 'LayerNorm’s noise scale and the whole’s',
    x: { label: 'B_simple of LayerNorm, sequences', log: true },
    y: { label: 'B_simple, sequences', log: true },
    marks: runs.map((run, colour) => ({
      mark: 'dots' as const,
      name: `unit ${run.cell.unit}`,
      look: { colour },
      points: logNoise(run, FROM).map(({ all, layerNorm }) => ({ x: Math.exp(layerNorm), y: Math.exp(all) })),
    })),
  };
}
