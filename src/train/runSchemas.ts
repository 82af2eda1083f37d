import { z } from 'zod';
import { InputError } from '../host/inputError.ts';
import { showValue } from '../host/showValue.ts';
import { LR_LAWS } from './batchRule.ts';

/** What the numbers of a run's description may be, in a train.json as in the library's settings. */
export const count = z.int().positive();
export const rate = z.number().nonnegative();
export const seed = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);

/** β₁ and β₂ of Adam. */
export const betas = z.tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)], {
  error: 'expected [β₁, β₂], two numbers of at least 0 and below 1',
});

/** Of torch.optim.Adam and AdamW, and of each optimizer's own weight decay. */
export const ADAM_DEFAULTS = { lr: 1e-3, betas: [0.9, 0.999] as [number, number], eps: 1e-8, amsgrad: false };
export const WEIGHT_DECAY = { sgd: 0, adam: 0, adamw: 0.01 } as const;

/** An object of no other keys than these, which the message about another one lists. */
export function knownKeys<K extends z.core.$ZodLooseShape>(keys: K) {
  const error = ({ code }: { readonly code?: string }) =>
    code === 'unrecognized_keys' ? `expected some of ${Object.keys(keys).join(', ')}` : undefined;
  return z.strictObject(keys, { error });
}

/** A line search for ε: see `LrSearch`. */
export const lrSearchSchema = knownKeys({
  after: z.int().nonnegative().default(0),
  draws: z.int().min(2).default(16),
  examples: z.int().min(2).default(2048),
});

/** What the parts of a rule for B may be; their names are those of the description. */
export const ruleParts = {
  examples: z.number().positive(),
  law: z.enum(LR_LAWS, { error: `expected one of ${LR_LAWS.map((law) => JSON.stringify(law)).join(', ')}` }),
};
/** Of a train.json and of the library's settings: see `augmentationOf`. */
export const augmentSchema = knownKeys({
  shift: count.optional(),
  flip: z.boolean().default(false),
  crop: knownKeys({ padding: count }).optional(),
});
/** p of label noise. */
export const probability = z.number().min(0).max(1);

const warmup = z.int().nonnegative().optional();

/** How the learning rate goes on from its start: `Schedule`, with defaults for what may be left out. */
export const scheduleSchema = z.discriminatedUnion('type', [
  knownKeys({ type: z.literal('constant'), warmup }),
  knownKeys({ type: z.literal('table'), values: z.array(rate), warmup }),
  knownKeys({ type: z.literal('step'), step_size: count, gamma: z.number().default(0.1), warmup }),
  knownKeys({ type: z.literal('cosine'), T_max: count, eta_min: z.number().default(0), warmup }),
  knownKeys({
    type: z.literal('cosine_restarts'),
    T_0: count,
    T_mult: count.default(1),
    eta_min: z.number().default(0),
    warmup,
  }),
  knownKeys({
    type: z.literal('swa'),
    kind: z.enum(['constant', 'cyclic']).default('constant'),
    start: z.int().nonnegative(),
    cycle: count.default(1),
    alpha1: rate,
    alpha2: rate.optional(),
    warmup,
  }).transform((schedule) => ({ ...schedule, alpha2: schedule.alpha2 ?? schedule.alpha1 })),
]);

/** A list by one schema, or an object by another: what is wrong is told by the one that was meant. */
export function listOr<List extends z.ZodType, Other extends z.ZodType>(
  list: List,
  other: Other,
  expected: string,
) {
  return z.union([list, other], { error: `expected ${expected}` });
}

/** What a schema found wrong of what was given: the key, what it holds and what was expected. */
export function issueError(file: string, issue: z.core.$ZodIssue, given: unknown): InputError {
  if (issue.code === 'invalid_union') {
    // Of the forms that it may have, the one whose outermost kind fits.
    const meant = issue.errors
      .flatMap(([first]) => first ?? [])
      .find(({ path, code }) => path.length > 0 || code !== 'invalid_type');
    if (meant) return issueError(file, { ...meant, path: [...issue.path, ...meant.path] }, given);
  }
  const item = issue.path.map(String).join('.') || 'top level';
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.startsWith('expected') ? `, ${issue.message}` : '';
    return new InputError(file, item, `unknown key "${issue.keys[0]}"${known}`);
  }
  const found = issue.path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    given,
  );
  const expected = issue.message
    .replace(/^Invalid (input|option): /, '')
    .replace(/, received undefined$/, '');
  const shown = found === undefined ? 'missing' : `is ${showValue(found)}`;
  return new InputError(file, item, `${shown}: ${expected}`);
}
