import type { JobSpec } from '../../jobs/job.ts';
import { above, atLeast, list, several, wholeNumber, within } from '../parseNumbers.ts';

/** What the form holds: text as it was typed. */
export interface Settings {
  data: string;
  hidden: string;
  activation: string;
  batchSize: string;
  length: string;
  lengthUnit: 'epochs' | 'steps';
  lr: string;
  momentum: string;
  weightDecay: string;
  seeds: string;
  recordEvery: string;
  measureEvery: string;
  /** Types of the instruments that are taken beside the noise scale, with blanks between them. */
  instruments: string;
  evaluateEvery: string;
}

export type Field = keyof Settings;

export const activations = ['ReLU', 'Tanh', 'Sigmoid', 'GELU'] as const;
type Activation = (typeof activations)[number];

export const defaultSettings: Settings = {
  data: 'mnist',
  hidden: '128',
  activation: 'ReLU',
  batchSize: '64',
  length: '2',
  lengthUnit: 'epochs',
  lr: '0.1',
  momentum: '0',
  weightDecay: '0',
  seeds: '0',
  recordEvery: '1',
  measureEvery: '10',
  instruments: '',
  evaluateEvery: '200',
};

/** More curves than this cannot be told apart. */
const MOST_REPLICAS = 16;

/** A job, and what its replicas are called. */
export interface PlannedRun {
  spec: JobSpec;
  replicas: string[];
  /** The settings that the replicas share, in a line. */
  description: string;
}

export type ParsedSettings =
  | { run: PlannedRun; errors?: undefined }
  | { run?: undefined; errors: Partial<Record<Field, string>> };

/** The job that the form describes, or what is wrong with which field. Several rates or seeds make replicas. */
export function parseSettings(settings: Settings): ParsedSettings {
  const errors: Partial<Record<Field, string>> = {};
  const take = <T>(field: Field, parse: (text: string) => T): T => {
    try {
      return parse(settings[field]);
    } catch (error) {
      errors[field] = (error as Error).message;
      return undefined as T;
    }
  };

  const hidden = take('hidden', (text) => list(text, wholeNumber(1)));
  const batch_size = take('batchSize', wholeNumber(1));
  const length = take('length', settings.lengthUnit === 'steps' ? wholeNumber(1) : above(0));
  const rates = take('lr', (text) => several(list(text, above(0)), 'a learning rate'));
  const momentum = take('momentum', within(0, 1));
  const weight_decay = take('weightDecay', atLeast(0));
  const seeds = take('seeds', (text) => several(list(text, wholeNumber(0, 2 ** 32 - 1)), 'a seed'));
  const record_every = take('recordEvery', wholeNumber(1));
  const measure = take('measureEvery', wholeNumber(1));
  const types = settings.instruments.split(' ').filter((type) => type !== '');
  const evaluate = take('evaluateEvery', wholeNumber(1));
  if (rates && seeds && rates.length * seeds.length > MOST_REPLICAS) {
    errors[rates.length > seeds.length ? 'lr' : 'seeds'] =
      `Makes ${rates.length * seeds.length} replicas; at most ${MOST_REPLICAS} are drawn.`;
  }
  if (Object.keys(errors).length > 0) return { errors };

  const combinations = rates.flatMap((lr) => seeds.map((seed) => ({ lr, seed })));
  const spec: JobSpec = {
    job: 'train',
    data: settings.data,
    model: { hidden, activation: settings.activation as Activation },
    batch_size,
    ...(settings.lengthUnit === 'steps' ? { steps: length } : { epochs: length }),
    optimizer: { type: 'sgd', lr: rates[0]!, momentum, weight_decay },
    seed: seeds[0],
    record_every,
    measure: { every: measure },
    ...(types.length > 0 ? { instruments: types.map((type) => ({ type, every: measure })) } : {}),
    evaluate: { every: evaluate },
    ...(combinations.length > 1 ? { replicas: combinations } : {}),
  };
  const replicas = combinations.map(({ lr, seed }) => {
    const parts = [];
    if (rates.length > 1 || seeds.length === 1) parts.push(`ε = ${lr}`);
    if (seeds.length > 1) parts.push(`seed ${seed}`);
    return parts.join(', ');
  });
  const description = [
    settings.data,
    hidden.length > 0 ? `hidden ${hidden.join(', ')} (${settings.activation})` : 'linear',
    `B = ${batch_size}`,
    ...(momentum > 0 ? [`m = ${momentum}`] : []),
    ...(weight_decay > 0 ? [`λ = ${weight_decay}`] : []),
    `${length} ${settings.lengthUnit}`,
  ].join(' · ');
  return { run: { spec, replicas, description } };
}

/** A learning rate as typed into the field of the running job. @throws Error that says what is expected. */
export const parseLearningRate = above(0);
