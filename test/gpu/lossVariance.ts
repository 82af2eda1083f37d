import type { InstrumentKind } from '../../src/measure/instrument.ts';
import { broadcast } from '../../src/ops/broadcast.ts';
import { normSq } from '../../src/ops/dot.ts';
import { scale } from '../../src/ops/scale.ts';
import { subtract } from '../../src/ops/subtract.ts';
import { mean } from '../../src/ops/sum.ts';

/** A quantity for tests, one file as every other: the variance of the examples' losses, divisor N. */
export const lossVariance: InstrumentKind<object> = {
  type: 'loss_variance',
  options: () => ({}),
  make: (_, schedule) => ({
    type: 'loss_variance',
    schedule,
    unitSize: null,
    quantity: {
      trace(batch) {
        const losses = batch.gathering.rows('losses', batch.losses, 'examples');
        return {
          values(graph) {
            const all = losses.in(graph);
            const centred = subtract(all, broadcast(mean(all), all.shape, { from: 0, to: 1 }));
            return { variance: scale(normSq(centred), 1 / all.shape[0]!) };
          },
        };
      },
      read: ({ variance }) => variance![0]!,
    },
    follow: () => (variance: number) => ({ variance }),
  }),
  ofData: true,
  shown: [
    {
      key: 'variance',
      symbol: 'Var_{ℓ}',
      name: 'Variance of the losses',
      equation: '(1/N) Σ_{i} (ℓ_{i} − L)²',
      meaning: 'How much the losses of the examples differ.',
      source: 'a test',
      log: true,
      scatters: true,
    },
  ],
};
