import { z } from 'zod';
import type { OptimizerRule, OptimizerSettings } from '../optim/optimizer.ts';
import { ADAM_DEFAULTS, betas, knownKeys, rate, WEIGHT_DECAY } from '../train/runSchemas.ts';

/** What torch.optim.Adam and AdamW take, but for weight_decay, whose defaults differ. */
const adam = {
  lr: rate.default(ADAM_DEFAULTS.lr),
  betas: betas.default(ADAM_DEFAULTS.betas),
  eps: rate.default(ADAM_DEFAULTS.eps),
  amsgrad: z.boolean().default(ADAM_DEFAULTS.amsgrad),
};

/** `optimizer` of a train.json: torch.optim's, with its defaults; `sgd` where no type is given. */
export const optimizerSchema = z.discriminatedUnion(
  'type',
  [
    knownKeys({
      type: z.literal('sgd').default('sgd'),
      lr: rate,
      momentum: rate.default(0),
      dampening: z.number().default(0),
      weight_decay: rate.default(0),
      nesterov: z.boolean().default(false),
    }),
    knownKeys({ type: z.literal('adam'), ...adam, weight_decay: rate.default(WEIGHT_DECAY.adam) }),
    knownKeys({ type: z.literal('adamw'), ...adam, weight_decay: rate.default(WEIGHT_DECAY.adamw) }),
  ],
  // Of another type; what is wrong with an optimizer of one of these says it itself.
  { error: ({ code }) => (code === 'invalid_union' ? 'expected "sgd", "adam" or "adamw"' : undefined) },
);

type GivenOptimizer = z.output<typeof optimizerSchema>;

/** What of an optimizer may be another one in each replica. */
export interface ReplicaOptimizer {
  readonly momentum?: number | undefined;
  readonly weight_decay?: number | undefined;
  readonly betas?: readonly [number, number] | undefined;
  readonly eps?: number | undefined;
}

/** Those of its keys that only SGD, and only Adam, has. */
export const OWN_KEYS = { sgd: ['momentum'], adam: ['betas', 'eps'] } as const;

export function optimizerRule(optimizer: GivenOptimizer): OptimizerRule {
  return optimizer.type === 'sgd' ? { type: 'sgd' } : { type: optimizer.type, amsgrad: optimizer.amsgrad };
}

/** Settings of a replica: its own over those of all. */
export function optimizerSettings(optimizer: GivenOptimizer, replica: ReplicaOptimizer): OptimizerSettings {
  const weightDecay = replica.weight_decay ?? optimizer.weight_decay;
  if (optimizer.type !== 'sgd') {
    return { betas: replica.betas ?? optimizer.betas, eps: replica.eps ?? optimizer.eps, weightDecay };
  }
  const { momentum, dampening, nesterov } = optimizer;
  return { momentum: replica.momentum ?? momentum, dampening, weightDecay, nesterov };
}
