import { z } from 'zod';
import { FIRST_BY_DEFAULT } from '../firstExamples.ts';
import type { InstrumentKind } from '../instrument.ts';
import { type FollowedValue, followedEigenvalue } from './followedEigenvalue.ts';

const options = z.strictObject({
  examples: z.int().min(1).default(FIRST_BY_DEFAULT),
  which: z.enum(['largest', 'smallest']).default('largest'),
});

/** Steps of Lanczos's process a look: 8 left one look of 30 with a residual of 0.011 λ, 9 none above 0.001 (SwiftShader, 2026-11-26). */
const LANCZOS_STEPS = 9;

/** The Hessian's largest or smallest eigenvalue over the first examples of the data, followed through the run. */
export const eigenvalue: InstrumentKind<z.output<typeof options>> = {
  type: 'eigenvalue',
  options: (given) => options.parse(given),
  make: ({ examples, which }, schedule) => ({
    type: 'eigenvalue',
    schedule,
    unitSize: null,
    quantity: followedEigenvalue({ examples, which, steps: LANCZOS_STEPS }),
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
