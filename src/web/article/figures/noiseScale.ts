import { formatNumber } from '../../../present/formatNumber.ts';
import { readingsOf, rounded } from './events.ts';
import type { LiveFigure, Shown } from './liveFigure.ts';
import { clusters, NETWORK } from './task.ts';

const BATCHES = [16, 32, 64, 128, 256, 512];
const STEPS = 120;
/** Above and below it a noise scale is not drawn. */
const RANGE = [10, 3000] as const;

/** B_simple with its interval while a network trains, and B beside it. */
export const noiseScale: LiveFigure = {
  id: 'noise-scale',
  title: 'The noise scale while a network trains',
  slider: { symbol: 'B', name: 'batch size', values: BATCHES, first: 128 },
  runs: BATCHES,
  runOf: (value) => value,
  jobs: (batch) => [
    {
      job: 'train',
      model: NETWORK,
      data: clusters({ examples: 4096, test: 0 }),
      batch_size: batch,
      steps: STEPS,
      measure: { every: 3 },
      optimizer: { type: 'sgd', lr: 0.05 },
    },
  ],
  // A value without an upper end is not told, only its lower end.
  digest: (_, [events = []]) => ({
    bSimple: readingsOf(events).flatMap(({ step, bSimple, bSimpleInterval, bSimpleResolved }) => {
      if (!bSimpleInterval) return [];
      const [low, high] = bSimpleInterval;
      const y = bSimpleResolved ? rounded(bSimple) : null;
      return [{ x: step, y, interval: [rounded(low), rounded(high)] as const }];
    }),
  }),
  panels({ chosen }, value) {
    const points = chosen.bSimple ?? [];
    const inside = (end: number | null): number => Math.min(RANGE[1], Math.max(RANGE[0], end ?? RANGE[1]));
    return [
      {
        title: 'Noise scale and batch size',
        x: { label: 'step', range: [0, STEPS] },
        y: { label: 'examples', log: true, range: RANGE },
        marks: [
          {
            mark: 'area',
            name: 'B_simple, 95 %',
            points: points.map(({ x, interval }) => ({
              x,
              range: [inside(interval![0]), inside(interval![1])],
            })),
            look: { colour: 0 },
          },
          {
            mark: 'line',
            name: 'B_simple',
            points: points.map(({ x, y }) => ({ x, y })),
            look: { colour: 0, marked: false },
          },
          {
            mark: 'line',
            name: `B = ${value}`,
            points: [
              { x: 0, y: value },
              { x: STEPS, y: value },
            ],
            look: { colour: 1, dashed: true, marked: false },
          },
        ],
      },
    ];
  },
  sentence: ({ chosen }: Shown, value) => {
    const last = chosen.bSimple?.at(-1);
    if (!last?.interval) return undefined;
    const [low, high] = last.interval;
    const at = `At step ${last.x} the noise scale is `;
    if (high === null || last.y === null)
      return `${at}at least ${formatNumber(low, 2)}: a batch of ${value} cannot tell it from infinity.`;
    const known = `${at}${formatNumber(last.y, 2)} (${formatNumber(low, 2)} to ${formatNumber(high, 2)}) examples`;
    const ratio = last.y / value;
    if (ratio > 1.5)
      return `${known}, ${formatNumber(ratio, 2)} times B = ${value}: a step is mostly noise, and twice the batch would save nearly half of the steps.`;
    if (ratio < 1 / 1.5)
      return `${known}, ${formatNumber(1 / ratio, 2)} times below B = ${value}: twice the batch would save few steps.`;
    return `${known}, about B = ${value}: noise and gradient are equally large in a step.`;
  },
};
