import { z } from 'zod';
import type { Averaging } from '../optim/average.ts';
import { count, knownKeys } from '../train/runSchemas.ts';

/** Which weights are captured, and how BatchNorm's statistics of their average are made. */
const captured = {
  start: z.int().nonnegative().default(1),
  every: count.default(1),
  bn_batch_size: count.optional(),
  /** `file` by default. */
  bn_order: z.enum(['file', 'shuffle']).optional(),
};

/** `averaging` of a train.json. */
export const averagingSchema = z.discriminatedUnion(
  'type',
  [
    knownKeys({ type: z.literal('swa'), ...captured }),
    knownKeys({ type: z.literal('ema'), decay: z.number().min(0).lt(1), ...captured }),
    knownKeys({ type: z.literal('lawa'), last: count, ...captured }),
    knownKeys({ type: z.literal('swag'), ...captured }),
  ],
  {
    error: ({ code }) => (code === 'invalid_union' ? 'expected "swa", "ema", "lawa" or "swag"' : undefined),
  },
);

/** What the run takes; a capture after step 0 would be of the initial weights, and none is. */
export function averagingFrom(given: z.output<typeof averagingSchema>): Averaging {
  const steps = { start: Math.max(1, given.start), every: given.every };
  switch (given.type) {
    case 'ema':
      return { kind: 'ema', ...steps, decay: given.decay };
    case 'lawa':
      return { kind: 'lawa', ...steps, last: given.last };
    default:
      return { kind: given.type, ...steps };
  }
}
