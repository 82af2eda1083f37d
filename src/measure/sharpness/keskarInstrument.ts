import { z } from 'zod';
import { FIRST_BY_DEFAULT } from '../firstExamples.ts';
import type { InstrumentKind } from '../instrument.ts';
import { type AscentFound, tracedAscent } from './tracedAscent.ts';

const options = z.strictObject({
  epsilon: z.number().positive().default(1e-3),
  examples: z.int().min(1).default(FIRST_BY_DEFAULT),
  iterations: z.int().min(1).max(16).default(2),
});

/** Keskar's sharpness over the first examples of the data, by a few steps of sign ascent in the step's own program. */
export const keskarOfFirst: InstrumentKind<z.output<typeof options>> = {
  type: 'keskar',
  options: (given) => options.parse(given),
  make: (asked, schedule) => ({
    type: 'keskar',
    schedule,
    unitSize: null,
    quantity: tracedAscent(asked),
    follow: () => (found: AscentFound) =>
      Object.fromEntries(
        Object.entries(found).map(([key, value]) => [key, Number.isFinite(value) ? value : null]),
      ),
  }),
  shown: [
    {
      key: 'phi',
      symbol: 'φ',
      name: 'Sharpness of Keskar',
      equation: 'φ = 100 · (max_{|z| ≤ ε(|θ| + 1)} f(θ + z) − f(θ)) / (1 + f(θ))',
      meaning:
        'By how much the loss rises at the most in a small box around the weights, in percent of 1 + loss. A lower bound, by a few steps of sign ascent on the first examples of the training set. Far from a minimum it is the gradient that one sees in it, the curvature near one.',
      source: 'Keskar et al. 2017, metric 2.1',
      log: true,
      scatters: false,
    },
  ],
};
