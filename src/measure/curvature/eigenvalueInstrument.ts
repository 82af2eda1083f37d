import { z } from 'zod';
import { FIRST_BY_DEFAULT } from '../firstExamples.ts';
import type { InstrumentKind } from '../instrument.ts';
import { type FollowedValue, followedEigenvalue } from './followedEigenvalue.ts';

/**
 * Steps of Lanczos's process a look, for the first look's sake, which starts from nothing: of 6 it is 10 % too small for a model of a few
 * dozen parameters. Later ones, every 16 steps of SGD (B = 64, ε = 0.1; 64 examples; MLP and small CNN on MNIST; SwiftShader, 2026-11-27),
 * from the fourth on: of 9 the residual is 0.0001 λ in the median and 0.02 λ at the most, of 6 0.004 λ and 0.08 λ, of 4 0.02 λ and 0.12 λ.
 */
const FIRST_STEPS = 9;
const LATER_STEPS = 5;

const options = z.strictObject({
  examples: z.int().min(1).default(FIRST_BY_DEFAULT),
  which: z.enum(['largest', 'smallest']).default('largest'),
  steps: z.int().min(1).max(16).optional(),
});

/** The Hessian's largest or smallest eigenvalue over the first examples of the data, followed through the run. */
export const eigenvalue: InstrumentKind<z.output<typeof options>> = {
  type: 'eigenvalue',
  options: (given) => options.parse(given),
  make: ({ steps, ...asked }, schedule) => ({
    type: 'eigenvalue',
    schedule,
    unitSize: null,
    quantity: followedEigenvalue({ ...asked, steps: steps ?? LATER_STEPS }),
    ...(steps === undefined ? { opening: followedEigenvalue({ ...asked, steps: FIRST_STEPS }) } : {}),
    follow: () => (found: FollowedValue) => ({ ...found }),
  }),
  shown: [
    {
      key: 'value',
      symbol: 'λ',
      name: 'Outermost eigenvalue of the Hessian',
      equation: 'Hv = λv',
      meaning:
        'How sharply the loss bends along the direction in which it bends most. A step of plain gradient descent overshoots along it where ε > 2/λ.',
      source: 'Lanczos 1950, followed from look to look; the first examples of the training set',
      log: false,
      scatters: false,
    },
  ],
};
