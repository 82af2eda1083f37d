import { z } from 'zod';
import { InputError } from '../host/inputError.ts';
import type { RunChange } from './runChange.ts';

const whole = z.int().min(0);
/** JSON has no infinite numbers. */
const measured = z.number().nullable();

const search = z.object({
  kind: z.literal('one-step'),
  step: whole,
  batchSize: whole.min(1),
  oneStepRate: z.number(),
  oneStepRateStderr: measured,
  learningRate: z.number(),
  rates: z.array(z.number()),
  changes: z.array(measured),
});

/** Changes of a run as a file has them, which may be made by anyone. */
export const changesSchema = z.array(
  z.union([
    z.strictObject({ from: whole, replica: whole.nullable(), rate: z.number() }),
    z.strictObject({ from: whole, replica: whole, rateFactor: z.number(), search }),
    z.strictObject({
      from: whole,
      batchSize: whole.min(1),
      rateFactor: z.number(),
      bSimple: measured,
      bSimpleInterval: z.tuple([measured, measured]),
    }),
    z.strictObject({ from: whole, batchSize: whole.min(1) }),
  ]),
);

/**
 * Refuses changes that a run cannot have had.
 * @param of how many steps it has taken, and its replicas
 * @throws InputError naming the change
 */
export function requireOwnChanges(
  file: string,
  changes: readonly RunChange[],
  { step, replicas }: { readonly step: number; readonly replicas: number },
): void {
  for (const [i, change] of changes.entries()) {
    if (change.from > step) {
      const reason = `is ${change.from}, expected at most the ${step} steps that the run has taken`;
      throw new InputError(file, `changes.${i}.from`, reason);
    }
    const replica = 'replica' in change ? change.replica : null;
    if (replica !== null && replica >= replicas) {
      throw new InputError(file, `changes.${i}.replica`, `is ${replica}, the run has ${replicas} replicas`);
    }
  }
}
