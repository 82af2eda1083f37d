import { z } from 'zod';
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

/** Those of its keys that only SGD, and only Adam, has. */
export const OWN_KEYS = { sgd: ['momentum'], adam: ['betas', 'eps'] } as const;
