import { claim } from '../claim.ts';
import type { Panel } from '../figure.ts';
import type { Measured } from '../verdict/measured.ts';
import { transformerNoise } from './noiseStudy.ts';
import { plantNoise } from './plantNoise.ts';
import { type NoiseRuns, noiseScaleOf, runsOf, windowsWithin } from './readNoise.ts';

/** The smallest growth that the claim speaks of. */
const GROWTH = 2;
/** Shares of the steps: the first tenth, and the last three tenths. */
const [FIRST, LAST] = [0.1, 0.7];

function growth(found: NoiseRuns, first = FIRST, last = LAST): Measured {
  return {
    name: 'B_simple at the end over B_simple at first',
    values: found.map((run) => {
      const start = noiseScaleOf(windowsWithin(run, [0, first]), 'all');
      const end = noiseScaleOf(windowsWithin(run, [last, 1]), 'all');
      return start === null || end === null ? null : end / start;
    }),
    margin: [GROWTH, null],
    scale: 'log',
  };
}

/** Whether the noise scale of a Transformer grows as it learns a text. */
export const transformerNoiseGrows = claim({
  id: 'transformer-noise-grows',
  version: 1,
  paper: 'since',
  study: transformerNoise,
  statement: 'The noise scale of a small Transformer grows while it learns a text',
  source: 'McCandlish et al. 2018, section 3.3; Gray et al. 2024, section 4',
  population:
    'Transformers of two layers of width 32, 4 heads, over 32 bytes of Moby Dick, by AdamW with ε = 0.003 and B = 32 over 800 steps; noise of single sequences',
  unit: 'a run with initial weights, order and sequences of its own',
  prediction: `B_simple of the last three tenths of the steps at least ${GROWTH} times that of the first tenth: less would ask for no batch that follows it`,
  refutedBy: `a growth below ${GROWTH} times`,
  power: {
    pilot: 'none yet: distance and scatter are those of the planted case',
    scatter: 0.25,
    distance: 0.7,
    units: 8,
  },
  effects: (found) => [growth(runsOf(found, 'trained'))],
  controls: (found) => [
    {
      name: 'the same steps at a thousandth of ε',
      removes: 'the run does not come to train',
      effects: [growth(runsOf(found, 'still'))],
    },
  ],
  sensitivity: (found) => [
    { name: 'first twentieth, last tenth', effects: [growth(runsOf(found, 'trained'), 0.05, 0.9)] },
    { name: 'first fifth, last half', effects: [growth(runsOf(found, 'trained'), 0.2, 0.5)] },
  ],
  plantedAs: { effect: 'B_simple ∝ the step to the power 0.6', null: 'a growth of 2 times exactly' },
  plant: (truth, protocol, seed) => {
    const scatter = { shared: 0.25, own: 0.1, calibration: 0.1 };
    const grown = (power: number): number =>
      growth(runsOf(plantNoise(protocol, 0, { power, shared: 0, own: 0, calibration: 0 }), 'trained'))
        .values[0]!;
    // A growth is a power of another one, but for the averages within its windows: by bisection.
    let [low, high] = [0, 2];
    for (let round = 0; round < 40; round++) {
      const middle = (low + high) / 2;
      if (grown(middle) < GROWTH) low = middle;
      else high = middle;
    }
    return plantNoise(protocol, seed, { power: truth === 'effect' ? 0.6 : low, ...scatter });
  },
  panels: (found) => [noisePanel(runsOf(found, 'trained'), runsOf(found, 'still'))],
});

function noisePanel(trained: NoiseRuns, still: NoiseRuns): Panel {
  const lines = (name: string, runs: NoiseRuns, colour: number) =>
    runs.map(({ evidence: { windows } }) => ({
      mark: 'line' as const,
      name,
      look: { colour, faint: true },
      points: windows.map((window) => ({ x: window.to, y: noiseScaleOf([window], 'all') })),
    }));
  return {
    title: 'B_simple along the runs',
    x: { label: 'step', log: true },
    y: { label: 'B_simple, sequences', log: true },
    marks: [...lines('trained', trained, 0), ...lines('at a thousandth of ε', still, 1)],
  };
}
