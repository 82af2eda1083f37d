import { expect, test } from 'vitest';
import { type JobEvent, type JobSpec, runJob } from '../../src/jobs/job.ts';
import { testGpu } from './device.ts';

const SYMBOLS = 4;
const PLACES = 6;
const LENGTH = 20;

const SPEC = {
  job: 'train',
  data: `markov-text?order=1&symbols=${SYMBOLS}&context=${PLACES}&examples=120`,
  model: { transformer: { layers: 1, width: 8, heads: 2 } },
  optimizer: { type: 'adamw', lr: 0.01 },
  batch_size: 10,
  steps: 12,
  seed: 3,
  evaluate: { every: 4 },
  sample: { length: LENGTH, prompt: 'ab' },
} as const satisfies JobSpec;

async function run(spec: JobSpec): Promise<JobEvent[]> {
  const events: JobEvent[] = [];
  const host = {
    read: () => Promise.reject(new Error('reads nothing')),
    find: async () => null,
  };
  for await (const event of runJob(await testGpu(), spec, host as never)) events.push(event);
  return events;
}

const textsOf = (events: readonly JobEvent[]) =>
  events.flatMap((event) => (event.type === 'sample' ? [event] : []));
const resultOf = (events: readonly JobEvent[]) =>
  events.flatMap((event) => (event.type === 'result' ? [event.result as Record<string, unknown>] : []))[0]!;

test('a run draws a text at each evaluation and at its end, the same again, and goes on as without', async () => {
  const events = await run(SPEC);
  const texts = textsOf(events);
  expect(texts.map(({ step, replica }) => [step, replica])).toEqual([
    [4, 0],
    [8, 0],
    [12, 0],
  ]);
  for (const { text } of texts) expect(text).toMatch(new RegExp(`^[a-d]{${LENGTH}}$`));
  const result = resultOf(events);
  expect(result.sample).toBe(texts.at(-1)!.text);
  expect(textsOf(await run(SPEC))).toEqual(texts);
  const { sample: _, ...without } = SPEC;
  expect(resultOf(await run(without)).losses).toEqual(result.losses);
});

test('each replica draws from its own weights and by its own seed', async () => {
  const both = textsOf(await run({ ...SPEC, replicas: [{ seed: 3 }, { seed: 8 }] }));
  const [one, other] = [0, 1].map((replica) => both.filter((event) => event.replica === replica));
  expect(one!.map(({ text }) => text)).toEqual(textsOf(await run(SPEC)).map(({ text }) => text));
  const alone = textsOf(await run({ ...SPEC, seed: 8 }));
  expect(other!.map(({ text }) => text)).toEqual(alone.map(({ text }) => text));
});

test('a model that has learnt the chain draws its transitions as often as the chain has them', async () => {
  // Order 1: what follows a symbol depends on it alone, so that the texts' pairs can be counted.
  const spec = {
    ...SPEC,
    data: `markov-text?order=1&symbols=${SYMBOLS}&context=${PLACES}&examples=4000`,
    steps: 400,
    batch_size: 50,
    lr_schedule: { type: 'cosine', T_max: 400, eta_min: 0 },
    evaluate: { every: 400 },
    sample: { length: 2500 },
  } as const;
  const { text } = textsOf(await run(spec))[0]!;
  const symbols = [...text].map((letter) => letter.charCodeAt(0) - 97);
  const { syntheticDataset } = await import('../../src/data/synthetic.ts');
  const { x } = syntheticDataset(spec.data);
  const pairsOf = (of: ArrayLike<number>, within: number): number[][] => {
    const counts = Array.from({ length: SYMBOLS }, () => new Array<number>(SYMBOLS).fill(0));
    for (let i = 1; i < of.length; i++) if (i % within !== 0) counts[of[i - 1]!]![of[i]!]!++;
    return counts;
  };
  const total = (row: readonly number[]): number => row.reduce((a, b) => a + b);
  const given = pairsOf(x, PLACES);
  for (const [from, row] of pairsOf(symbols, Number.POSITIVE_INFINITY).entries()) {
    for (const [to, count] of row.entries()) {
      const share = given[from]![to]! / total(given[from]!);
      const scatter = Math.sqrt((share * (1 - share)) / total(row));
      // 0.05 for what the model has not learnt.
      expect(Math.abs(count / total(row) - share), `${from} to ${to}`).toBeLessThan(0.05 + 4 * scatter);
    }
  }
});

test('a prompt longer than what the model sees counts by its end', async () => {
  const long = (start: string) =>
    run({ ...SPEC, sample: { length: 8, prompt: `${start}abcdab` } }).then(textsOf);
  expect(await long('dddd')).toEqual(await long('c'));
});
