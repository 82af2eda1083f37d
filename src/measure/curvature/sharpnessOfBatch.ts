import { z } from 'zod';
import { dot, normSq } from '../../ops/dot.ts';
import { multiply } from '../../ops/multiply.ts';
import { reciprocal } from '../../ops/reciprocal.ts';
import type { InstrumentKind } from '../instrument.ts';
import type { Quantity } from '../quantity.ts';
import { hessianOf } from './hessianProduct.ts';

/**
 * gᵀHg/|g|² of a batch, g and H the gradient and Hessian of its own loss: the curvature that a step sees along itself. Over all
 * examples of a data set 1/ε_max (McCandlish et al. 2018, eq. 2.5).
 */
const alongItself: Quantity<number> = {
  trace(batch) {
    const gradient = batch.gathering.sum('gradient', batch.gradient(batch.meanWeights));
    return {
      next(again) {
        const { graph, gathering } = again;
        const product = gathering.sum('product', hessianOf(again)(gradient.in(graph)));
        return {
          values(later) {
            const g = gradient.in(later);
            return { value: multiply(dot(g, product.in(later)), reciprocal(normSq(g))) };
          },
        };
      },
    };
  },
  read: ({ value }) => value![0]!,
};

/** Batch sharpness as an instrument: of each step's own batch, whose mean over steps SGD holds at 2/ε. */
export const sharpnessOfBatch: InstrumentKind<object> = {
  type: 'batch_sharpness',
  options: (given) => z.strictObject({}).parse(given),
  make: (_, schedule) => ({
    type: 'batch_sharpness',
    schedule,
    unitSize: null,
    quantity: alongItself,
    follow: () => (value: number) => ({ value: Number.isFinite(value) ? value : null }),
  }),
  ofData: true,
  shown: [
    {
      key: 'value',
      symbol: 'g·Hg/|g|²',
      name: 'Batch sharpness',
      equation: 'E_{B} [ g_{B} · H_{B} g_{B} / |g_{B}|² ]',
      meaning:
        'Curvature of the mini-batch’s own loss along its own gradient: what a step sees of the landscape along itself. Plain SGD without momentum holds its mean at 2/ε. Single readings scatter with the batch.',
      source: 'Andreyev & Beneventano 2024',
      log: false,
      scatters: true,
    },
  ],
};
