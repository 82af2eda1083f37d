import { z } from 'zod';
import type { agreement } from '../../experiments/reproduction/agreement.ts';
import { InputError } from '../../host/inputError.ts';
import { parseJson } from '../../host/parseJson.ts';

const end = z.number().nullable();
const range = z.tuple([end, end]);

/** What of a results.json is set beside another's. */
const schema = z.object({
  claims: z.array(
    z.object({
      id: z.string(),
      version: z.number(),
      verdict: z.enum(['reproduced', 'not reproduced', 'inconclusive']),
      statistic: z
        .object({
          name: z.string(),
          estimate: end,
          interval: range,
          margin: range.nullable(),
          units: end,
          p: end,
        })
        .nullable(),
      protocol: z
        .object({ seed: z.number() })
        .catchall(z.union([z.number(), z.string(), z.array(z.number())])),
    }),
  ),
});

/** The claims of a results.json. @throws InputError for a file that is none, naming what in it is not as expected */
export function parseResults(file: string, bytes: Uint8Array): Parameters<typeof agreement>[1] {
  const parsed = schema.safeParse(parseJson(file, 'results', bytes));
  if (parsed.success) return parsed.data.claims;
  const { path, message } = parsed.error.issues[0]!;
  const where = path.length > 0 ? `${path.join('.')}: ` : '';
  const reason = `holds no claims with verdicts (${where}${message}), expected a results.json of basin reproduce`;
  throw new InputError(file, '--against', reason);
}
