import { z } from 'zod';
import { claim, type Study } from '../../src/experiments/claim.ts';
import { normal } from '../../src/random/normal.ts';

type ToyProtocol = { readonly units: number; readonly tosses: number; readonly seed: number };
type ToyCell = { readonly unit: number; readonly tosses: number };
type ToyEvidence = { readonly biased: number; readonly fair: number };

/** A mean of normal numbers of a bias, and of none. */
function toss({ unit, tosses }: ToyCell, bias: number): ToyEvidence {
  const mean = (stream: number): number =>
    Array.from({ length: tosses }, (_, i) => normal(unit, stream, i, 0)).reduce((sum, x) => sum + x, 0) /
    tosses;
  return { biased: bias + mean(1), fair: mean(2) };
}

export const tosses: Study<ToyProtocol, ToyCell, ToyEvidence> = {
  id: 'tosses',
  version: 1,
  presets: {
    quick: { units: 2, tosses: 10, seed: 0 },
    standard: { units: 6, tosses: 100, seed: 1000 },
  },
  parts: { units: 'replicates', tosses: 'numbers of each', seed: 'of the first' },
  evidence: z.strictObject({ biased: z.number(), fair: z.number() }),
  cells: ({ units, tosses, seed }) => Array.from({ length: units }, (_, u) => ({ unit: seed + u, tosses })),
  cost: ({ tosses }) => ({ seconds: tosses / 1e4, bytes: 0 }),
  async *run(_, cell) {
    yield { type: 'progress', done: 1, total: 1, unit: 'draws' };
    return toss(cell, 0.5);
  },
};

/** All that a claim is. */
export const biasClaim = claim<ToyProtocol, ToyCell, ToyEvidence>({
  id: 'bias',
  version: 1,
  paper: 'since',
  statement: 'Biased numbers have a mean above 0.2',
  source: 'Gauss 1809',
  population: 'normal numbers of unit variance',
  unit: 'a hundred numbers with a seed of their own',
  prediction: 'a mean of 0.5; below 0.2 it would matter to nobody',
  refutedBy: 'a mean below 0.2',
  power: { pilot: 'seeds 0 and 1', scatter: 0.1, distance: 0.3, units: 6 },
  study: tosses,
  effects: (found) => [
    { name: 'mean', values: found.map(({ evidence }) => evidence.biased), margin: [0.2, null] },
  ],
  controls: (found) => [
    {
      name: 'fair numbers',
      removes: 'the bias is taken away',
      effects: [{ name: 'mean', values: found.map(({ evidence }) => evidence.fair), margin: [0.2, null] }],
    },
  ],
  sensitivity: (found) => [
    {
      name: 'margin 0.3',
      effects: [{ name: 'mean', values: found.map(({ evidence }) => evidence.biased), margin: [0.3, null] }],
    },
  ],
  plantedAs: { effect: 'a bias of 0.5', null: 'no bias' },
  plant: (truth, protocol, seed) =>
    tosses
      .cells({ ...protocol, seed: 1_000_000 + 1000 * seed })
      .map((cell) => ({ cell, evidence: toss(cell, truth === 'effect' ? 0.5 : 0) })),
});
