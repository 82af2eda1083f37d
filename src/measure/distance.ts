import { z } from 'zod';
import { normSq } from '../ops/dot.ts';
import { read } from '../ops/leaf.ts';
import { store } from '../ops/state/store.ts';
import { subtract } from '../ops/subtract.ts';
import type { InstrumentKind } from './instrument.ts';
import type { Quantity } from './quantity.ts';
import type { TracedBatch } from './tracedBatch.ts';

/** How far the weights have come. */
interface Distance {
  /** |θ − θ₀| */
  readonly fromStart: number;
  /** |θ − θ′|, θ′ what the step before was taken from; of no meaning at the first step. */
  readonly lastStep: number;
}

/** The weights at the start of the run, and those before the last step's update, as far as that was asked for. */
function kept({ gathering, layout }: TracedBatch) {
  const shape = [layout.length];
  return {
    start: gathering.memory('start', { shape, initial: 'parameters', constant: true }),
    before: gathering.memory('before', { shape }),
  };
}

const travelled: Quantity<Distance> = {
  trace(batch) {
    const { graph, theta } = batch;
    const { start, before } = kept(batch);
    const fromStart = normSq(subtract(theta, read(graph, start)));
    const lastStep = normSq(subtract(theta, read(graph, before)));
    return { values: () => ({ fromStart, lastStep }) };
  },
  read: ({ fromStart, lastStep }) => ({
    fromStart: Math.sqrt(fromStart![0]!),
    lastStep: Math.sqrt(lastStep![0]!),
  }),
};

/**
 * How far the weights are from those of the start, and from those before the last update. Differences and squares in float32, summed by a
 * tree; the weights before are kept at the step before each that is due, and at no other.
 */
export const distance: InstrumentKind<object> = {
  type: 'distance',
  options: (given) => z.strictObject({}).parse(given),
  make: (_, schedule) => ({
    type: 'distance',
    schedule,
    unitSize: null,
    quantity: travelled,
    prepare: (batch) => store(kept(batch).before, batch.theta),
    follow:
      () =>
      ({ fromStart, lastStep }: Distance, { step }) => ({
        fromStart,
        lastStep: step === 1 ? null : lastStep,
      }),
  }),
  shown: [
    {
      key: 'fromStart',
      symbol: '|θ − θ_{0}|',
      name: 'Distance from the start',
      equation: '|θ_{s} − θ_{0}|',
      meaning:
        'How far the weights have moved from those that the run began with. In a random landscape it grows as the logarithm of the steps.',
      source: 'Keskar et al. 2017, section 3; Hoffer et al. 2017',
      log: false,
      scatters: false,
    },
    {
      key: 'lastStep',
      symbol: '|Δθ|',
      name: 'Length of the last step',
      equation: '|θ_{s} − θ_{s−1}|',
      meaning: 'How far the last update moved the weights.',
      source: 'all parameters',
      log: true,
      scatters: true,
    },
  ],
};
