import { z } from 'zod';
import type { Tensor } from '../../ops/graph.ts';
import { FIRST_BY_DEFAULT } from '../firstExamples.ts';
import type { InstrumentKind } from '../instrument.ts';
import type { Quantity } from '../quantity.ts';
import { type FollowedValue, type Following, followedEigenvalue } from './followedEigenvalue.ts';

/**
 * Steps of Lanczos's process a look, for the first look's sake, which starts from nothing: of 6 it is 10 % too small for a model of a few
 * dozen parameters. Later ones, every 16 steps of SGD (B = 64, ε = 0.1; 64 examples; MLP and small CNN on MNIST; SwiftShader, 2026-11-27),
 * from the fourth on: of 9 the residual is 0.0001 λ in the median and 0.02 λ at the most, of 6 0.004 λ and 0.08 λ, of 4 0.02 λ and 0.12 λ.
 */
const FIRST_STEPS = 9;
const LATER_STEPS = 5;

const options = z.strictObject({
  examples: z.int().min(1).default(FIRST_BY_DEFAULT),
  which: z.enum(['largest', 'smallest', 'both']).default('largest'),
  steps: z.int().min(1).max(16).optional(),
});

type Which = z.output<typeof options>['which'];

/** What a look tells: of both ends the largest first. */
type Found = FollowedValue & { readonly smallest?: FollowedValue };

/** Both ends of the spectrum, each followed by itself; their products share a primal pass. */
function bothEnds(following: Omit<Following, 'which'>): Quantity<Found> {
  const ends = [
    ['largest', followedEigenvalue({ ...following, which: 'largest' })],
    ['smallest', followedEigenvalue({ ...following, which: 'smallest' })],
  ] as const;
  const named = (end: string, numbers: Readonly<Record<string, Tensor>>) =>
    Object.entries(numbers).map(([name, number]) => [`${end} ${name}`, number] as const);
  return {
    trace(batch) {
      const looks = ends.map(([end, quantity]) => [end, quantity.trace(batch.as(end))] as const);
      return {
        values: (graph) =>
          Object.fromEntries(looks.flatMap(([end, look]) => named(end, look.values!(graph)))),
      };
    },
    read(numbers, of) {
      const [largest, smallest] = ends.map(([end, quantity]) => {
        const { [`${end} value`]: value, [`${end} residual`]: residual } = numbers;
        return quantity.read({ value: value!, residual: residual! }, of);
      });
      return { ...largest!, smallest: smallest! };
    },
  };
}

function quantityOf(which: Which, following: Omit<Following, 'which'>): Quantity<Found> {
  return which === 'both' ? bothEnds(following) : followedEigenvalue({ ...following, which });
}

/** The Hessian's largest or smallest eigenvalue over the first examples of the data, or both, followed through the run. */
export const eigenvalue: InstrumentKind<z.output<typeof options>> = {
  type: 'eigenvalue',
  options: (given) => options.parse(given),
  make: ({ steps, which, examples }, schedule) => ({
    type: 'eigenvalue',
    schedule,
    unitSize: null,
    quantity: quantityOf(which, { examples, steps: steps ?? LATER_STEPS }),
    ...(steps === undefined ? { opening: quantityOf(which, { examples, steps: FIRST_STEPS }) } : {}),
    follow:
      () =>
      ({ smallest, ...largest }: Found) => ({
        ...largest,
        ...(smallest ? { smallest: smallest.value, smallestResidual: smallest.residual } : {}),
      }),
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
