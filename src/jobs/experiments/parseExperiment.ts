import type { z } from 'zod';
import { InputError } from '../../host/inputError.ts';

/**
 * An experiment's protocol as given, with defaults for what is left out.
 * @param name as on the command line
 * @param ascending keys whose lists must ascend
 * @throws InputError naming the key, what was found and what was expected
 */
export function parseExperiment<S extends z.ZodType<object>>(
  name: string,
  schema: S,
  given: object,
  ascending: readonly (keyof z.output<S> & string)[],
): z.output<S> {
  const { job: _, ...rest } = given as { job?: string };
  const parsed = schema.safeParse(rest);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw refused(name, issue.path.join('.') || 'description', issue.message);
  }
  for (const key of ascending) {
    const values = parsed.data[key] as readonly number[];
    if (values.some((value, i) => i > 0 && value <= values[i - 1]!)) {
      throw refused(name, key, `are ${values.join(', ')}, expected ascending`);
    }
  }
  return parsed.data;
}

/** What is refused of an experiment's protocol, and why. */
export function refused(name: string, item: string, reason: string): InputError {
  return new InputError(`experiment ${name}`, item, reason);
}
