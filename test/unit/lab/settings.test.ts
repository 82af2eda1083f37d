import { describe, expect, test } from 'vitest';
import { builtinNames } from '../../../src/data/loadDataset.ts';
import { parseTrainSpec, type TrainSpec } from '../../../src/jobs/trainSpec.ts';
import { DATA_NAMES, defaultSettings, fieldOf, type Settings } from '../../../src/web/lab/labFields.ts';
import { settingsFromParams, settingsToParams } from '../../../src/web/lab/labUrl.ts';
import { parseSettings } from '../../../src/web/lab/parseSettings.ts';
import { settingsOf } from '../../../src/web/lab/settingsOf.ts';

/** Runs that use what a train.json may have. */
const SPECS: Readonly<Record<string, TrainSpec>> = {
  'the least': { data: 'mnist', model: { hidden: [] }, optimizer: { lr: 0.1 } },
  'a sweep': {
    data: 'gaussian-clusters?examples=200&dims=5',
    model: { hidden: [64, 32], activation: 'Tanh' },
    batch_size: 32,
    steps: 500,
    seed: 1,
    optimizer: { type: 'sgd', lr: 0.05, momentum: 0.9, nesterov: true, weight_decay: 5e-4 },
    replicas: [
      { lr: 0.05, seed: 1 },
      { lr: 0.05, seed: 2 },
      { lr: 0.2, seed: 1 },
      { lr: 0.2, seed: 2 },
    ],
    measure: { every: 5, small_batch: 2 },
    evaluate: { every: 50 },
  },
  'schedules, averages, instruments': {
    data: 'train.npz',
    model: 'model.json',
    weights: 'w.safetensors',
    weights_prefix: 'swa.',
    subset: 100,
    label_noise: 0.1,
    augment: { shift: 2, flip: true, crop: { padding: 4 } },
    order: 'iid',
    epochs: 2.5,
    batch_schedule: [
      { from_step: 0, batch_size: 32 },
      { from_step: 500, batch_size: 128 },
    ],
    optimizer: { type: 'adamw', lr: 0.001, betas: [0.8, 0.99] },
    lr_schedule: { type: 'cosine', T_max: 900, eta_min: 1e-5, warmup: 10 },
    averaging: { type: 'ema', decay: 0.99, start: 5, bn_order: 'shuffle' },
    instruments: [
      { type: 'eigenvalue', every: 100, examples: 512, which: 'both' },
      { type: 'distance', at: [1, 10, 100] },
      { type: 'accuracy', at: [7], split: 'test' },
      { type: 'density', log: 2 },
    ],
  },
  'keys that no field has': {
    data: 'mnist',
    model: {
      layers: [{ type: 'Flatten' }, { type: 'Linear', in_features: 784, out_features: 10 }],
      loss: 'cross_entropy',
    },
    optimizer: { lr: 0.1, dampening: 0 },
    batch_schedule: { rule: 'noise', examples_per_step: 64, check_every: 50, lr_law: 'linear' },
    batch_size: 16,
    steps: 40,
    seed: 3,
    init_seed: 9,
    lr_search: { after: 10 },
    measure: { every: 1, tests: true },
    replicas: [{ momentum: 0.5 }, { weights: 'a.safetensors' }],
  },
};

describe('a train.json becomes fields, an address, and itself again', () => {
  for (const [what, spec] of Object.entries(SPECS)) {
    test(what, () => {
      const settings = settingsOf(spec);
      const { spec: again, errors } = parseSettings(settings);
      expect(errors).toBeUndefined();
      expect(parseTrainSpec({ steps: 10, ...again, ...(again!.epochs ? { steps: undefined } : {}) })).toEqual(
        parseTrainSpec({
          steps: 10,
          batch_size: 64,
          ...spec,
          ...(spec.epochs ? { steps: undefined } : {}),
          ...defaults(spec),
        }),
      );
      expect(settingsFromParams(new URLSearchParams(`${settingsToParams(settings)}`))).toEqual(settings);
    });
  }

  /** What the form always says. */
  function defaults(spec: TrainSpec): object {
    return spec.steps === undefined && spec.epochs === undefined ? { steps: undefined, epochs: 2 } : {};
  }
});

test('an address says only what differs from the start, by readable names', () => {
  expect(`${settingsToParams(defaultSettings)}`).toBe('');
  const params = new URLSearchParams('data=gaussian-clusters&B=16&lr=0.05,0.2&seed=0-3&steps=300&noise=5');
  const settings = settingsFromParams(params);
  expect(settings).toMatchObject({ batchSize: '16', seeds: '0-3', length: '300', lengthUnit: 'steps' });
  const { spec } = parseSettings(settings);
  expect(spec!.replicas).toHaveLength(8);
  expect(spec!.replicas!.at(-1)).toEqual({ lr: 0.2, seed: 3 });
  expect([...settingsToParams(settings).keys()].sort()).toEqual([
    'B',
    'data',
    'lr',
    'noise',
    'seed',
    'steps',
  ]);
});

test('what is wrong is said beside its field, in words', () => {
  const wrong: Partial<Settings> = {
    batchSize: '1.5',
    lr: '0.1, fast',
    seeds: '3-1',
    scheduleOptions: 'gamma',
    averagingOptions: 'start=1, start=2',
    batchSchedule: '0: 32, 500',
    more: '{"seed"',
    instruments: 'eigenvalue every',
  };
  const { errors } = parseSettings({ ...defaultSettings, ...wrong });
  expect(errors).toEqual({
    batchSize: expect.stringMatching(/whole number.*1\.5/),
    lr: expect.stringMatching(/“fast” is no number/),
    seeds: expect.stringMatching(/range of at most 64 seeds, found 3-1/),
    scheduleOptions: expect.stringMatching(/“gamma” is not of the form name=value/),
    averagingOptions: expect.stringMatching(/start is given twice/),
    batchSchedule: expect.stringMatching(/found “500”/),
    more: expect.stringMatching(/no JSON/),
    instruments: expect.stringMatching(/“every” is not of the form/),
  });
  expect(
    parseSettings({ ...defaultSettings, lr: Array.from({ length: 17 }, (_, i) => i + 1).join(' ') }).errors!
      .lr,
  ).toMatch(/17 curves/);
});

test('what the job would refuse belongs to the field that gives it', () => {
  for (const [key, field] of [
    ['batch_size', 'batchSize'],
    ['optimizer.lr', 'lr'],
    ['optimizer.betas', 'optimizerOptions'],
    ['optimizer.momentum', 'momentum'],
    ['lr_schedule.T_max', 'scheduleOptions'],
    ['lr_schedule.type', 'schedule'],
    ['averaging.decay', 'averagingOptions'],
    ['batch_schedule.1.from_step', 'batchSchedule'],
    ['instruments.0.every', 'instruments'],
    ['measure.small_batch', 'smallBatch'],
    ['replicas.0.seed', 'lr'],
    ['kernels', 'more'],
  ]) {
    expect([key, fieldOf(key!)]).toEqual([key, field]);
  }
});

test('the form offers all built-in data sets', () => {
  expect(DATA_NAMES).toEqual(builtinNames());
});
