import { z } from 'zod';
import type { Experiment } from '../../src/experiments/experiment.ts';
import { normal } from '../../src/random/normal.ts';

type ToyProtocol = {
  readonly runs: number;
  readonly tosses: number;
  readonly bias: number;
  readonly seed: number;
};
type ToyCell = { readonly seed: number; readonly tosses: number; readonly bias: number };

/** All that a new experiment is: the mean of biased normal numbers is said to be the bias. */
export const toy: Experiment<ToyProtocol, ToyCell, { mean: number }, null> = {
  id: 'toy',
  version: 1,
  statement: 'The mean of normal numbers is their bias',
  source: 'Gauss 1809',
  presets: {
    quick: { runs: 2, tosses: 10, bias: 0.5, seed: 0 },
    standard: { runs: 4, tosses: 100, bias: 0.5, seed: 1000 },
  },
  parts: { runs: 'replicates', tosses: 'numbers of each', bias: 'their mean', seed: 'of the first run' },
  series: { 'Mean so far': { x: { label: 'toss' }, y: { label: 'mean' } } },
  evidence: z.strictObject({ mean: z.number() }),
  cells: ({ runs, seed, ...rest }) => Array.from({ length: runs }, (_, r) => ({ seed: seed + r, ...rest })),
  async *run(_, { seed, tosses, bias }) {
    yield { type: 'phase', phase: `run ${seed}` };
    let sum = 0;
    for (let i = 0; i < tosses; i++) {
      sum += bias + normal(seed, 1, i, 0);
      yield { type: 'progress', done: i + 1, total: tosses, unit: 'draws' };
      yield { type: 'series', chart: 'Mean so far', curve: `run ${seed}`, x: i + 1, y: sum / (i + 1) };
    }
    return { mean: sum / tosses };
  },
  judge(found, { tosses, bias }) {
    const value = found.reduce((sum, { evidence }) => sum + evidence.mean, 0) / found.length;
    const reach = 1.96 / Math.sqrt(tosses * found.length);
    const interval = [value - reach, value + reach] as const;
    const holds = interval[0] <= bias && interval[1] >= bias;
    return {
      statistics: [{ name: 'mean', value, interval, margin: [bias - 0.5, bias + 0.5] }],
      controls: [],
      planted: [],
      verdict: holds ? 'reproduced' : 'not reproduced',
      reason: `the interval ${holds ? 'holds' : 'does not hold'} the bias`,
      detail: null,
    };
  },
  figure: ({ statistics }) => ({
    caption: 'The mean',
    panels: [
      {
        title: 'Mean',
        x: { label: '' },
        y: { label: 'mean' },
        marks: [
          { mark: 'band', name: 'margin', range: [0, 1] },
          {
            mark: 'dots',
            name: 'mean',
            points: statistics.map(({ value, interval }) => ({ x: 0, y: value, interval })),
          },
        ],
      },
    ],
  }),
};
