import { z } from 'zod';
import { normSq } from '../../ops/dot.ts';
import { multiply } from '../../ops/multiply.ts';
import { reciprocal } from '../../ops/reciprocal.ts';
import type { InstrumentKind } from '../instrument.ts';
import { withoutNonFinite } from '../nonFinite.ts';
import type { Quantity } from '../quantity.ts';
import { RunningMean } from '../statistics/runningMean.ts';
import { quadraticForm } from './quadraticForms.ts';

/** What a batch tells of its sharpness. */
interface SharpnessOfBatch {
  /** gᵀHg/|g|² */
  readonly value: number;
  readonly gHg: number;
  readonly gradNormSq: number;
}

/**
 * gᵀHg/|g|² of a batch, g and H the gradient and Hessian of its own loss: the curvature that a step sees along itself. Over all
 * examples of a data set 1/ε_max (McCandlish et al. 2018, eq. 2.5). A gradient, which in a step is there, and a pass of tangents.
 */
const alongItself: Quantity<SharpnessOfBatch> = {
  trace(batch) {
    const gradient = batch.gathering.sum('gradient', batch.gradient(batch.meanWeights));
    return {
      next(again) {
        const batch = again.forTangents();
        const along = [[batch.theta, gradient.in(again.graph)]] as const;
        const form = again.gathering.sum('form', quadraticForm(batch, 'hessian', along));
        return {
          values(later) {
            const [gHg, square] = [form.in(later), normSq(gradient.in(later))];
            return { value: multiply(gHg, reciprocal(square)), gHg, gradNormSq: square };
          },
        };
      },
    };
  },
  read: ({ value, gHg, gradNormSq }) => ({
    value: value![0]!,
    gHg: gHg![0]!,
    gradNormSq: gradNormSq![0]!,
  }),
};

/**
 * Batch sharpness as an instrument: of each step's own batch, whose mean over batches of B examples SGD holds at 2/ε. The value is the
 * batch's own number; what is estimated is that mean, from the looks so far at batches of this size.
 *
 * One batch does not tell its own scatter at the cost of a look. gᵀHg/|g|² is a Rayleigh quotient: where g lies near an eigenvector it
 * hardly moves to first order, and then it is near an end of its range as well, so that the error by first order (the jackknife over
 * the examples) is smallest where the value is furthest off. In simulations in float64 its 95 % intervals hold the mean in
 * 75 to 99 % of draws, ± 1.96 of the true scatter in 92 to 98 %. That scatter, the value's standard error, is seen from look to look.
 */
export const sharpnessOfBatch: InstrumentKind<object> = {
  type: 'batch_sharpness',
  options: (given) => z.strictObject({}).parse(given),
  make: (_, schedule) => ({
    type: 'batch_sharpness',
    schedule,
    unitSize: null,
    quantity: alongItself,
    follow() {
      let running = { batchSize: 0, mean: new RunningMean() };
      return ({ value, gHg, gradNormSq }: SharpnessOfBatch, { batchSize }) => {
        // Batches of another size have another mean.
        if (batchSize !== running.batchSize) running = { batchSize, mean: new RunningMean() };
        running.mean.add(value);
        const newest = running.mean.newest();
        return withoutNonFinite({
          value,
          valueStderr: newest?.scatter ?? null,
          gHg,
          gradNormSq,
          mean: newest?.mean ?? null,
          meanStderr: newest?.stderr ?? null,
          meanInterval: newest?.interval ?? null,
        }).result;
      };
    },
  }),
  ofData: true,
  shown: [
    {
      key: 'value',
      symbol: 'g·Hg/|g|²',
      name: 'Batch sharpness',
      equation: 'E_{B} [ g_{B} · H_{B} g_{B} / |g_{B}|² ]',
      meaning:
        'Curvature of the mini-batch’s own loss along its own gradient: what a step sees of the landscape along itself. Plain SGD holds its mean at 2/ε; with momentum m at 2(1 − m)/ε for small batches and 2(1 + m)/ε for large ones. Single readings scatter with the batch.',
      source: 'Andreyev & Beneventano 2024',
      log: false,
      scatters: true,
    },
  ],
};
