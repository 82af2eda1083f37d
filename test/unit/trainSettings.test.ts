import { expect, test } from 'vitest';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { InputError } from '../../src/host/inputError.ts';
import { linear, sequential } from '../../src/nn/layers.ts';
import { modelFrom } from '../../src/nn/modelFrom.ts';
import { checkSettings } from '../../src/train/checkSettings.ts';
import { descriptionOf, replicasOf, runShapeOf } from '../../src/train/runShapeOf.ts';
import type { TrainSettings } from '../../src/train/trainSettings.ts';

const data = syntheticDataset('gaussian-clusters?examples=100&classes=3&dims=5');
const WHOLE = { model: sequential(linear(5, 3)), data, steps: 60, batchSize: 10, lr: 0.1 };

/** As `train` takes settings up to where it asks the adapter. */
function described(changes: object) {
  const settings = checkSettings({ ...WHOLE, ...changes } as TrainSettings);
  const replicas = replicasOf(settings);
  return { replicas, ...runShapeOf(settings, replicas, data.examples) };
}

test('a rule for B that cannot be meant is refused by its key', () => {
  const noise = { rule: 'noise', examplesPerStep: 9, checkEvery: 5, lrLaw: 'none', maxBatchSize: 40 };
  const instruments = [{ type: 'noise_scale', every: 1 }];
  for (const [changes, message] of [
    [
      { batchSchedule: { rule: 'grow', maxBatchSize: 5 } },
      'train: batchSchedule.maxBatchSize: is 5, expected at least the batch size at the start, 10',
    ],
    [
      { batchSchedule: noise },
      "train: batchSchedule: reads the noise scale, expected noiseScaleEvery or an instrument 'noise_scale'",
    ],
    [
      { batchSchedule: noise, instruments, lr: undefined, grid: { lr: [0.1, 0.2] } },
      /batchSchedule: decides by one run's noise scale and there are 2 replicas/,
    ],
    [{ batchSchedule: noise, instruments, steps: undefined, epochs: 2 }, /epochs: .* expected steps/],
    [
      { batchSchedule: { ...noise, maxBatchSize: 19 }, instruments },
      /batchSchedule: leaves nothing to choose/,
    ],
    [
      { batchSchedule: { ...noise, minBatchSize: 11 }, instruments },
      /minBatchSize: is 11, expected at most the batch size at the start, 10/,
    ],
    [
      { batchSchedule: noise, instruments: [{ ...instruments[0], small_batch: 20 }] },
      /instruments\.0\.small_batch: is 20, expected a divisor/,
    ],
    [
      {
        batchSchedule: { rule: 'grow', maxBatchSize: 80 },
        schedule: { type: 'cosine', T_max: 60, eta_min: 0.05 },
        lr: undefined,
        grid: { lr: [0.1, 0.2] },
      },
      /grid\.lr: is 0\.2, at which the schedule cuts ε by other factors than at 0\.1/,
    ],
  ] as const) {
    expect(() => described(changes)).toThrow(message);
  }
  expect(described({ batchSchedule: noise, instruments }).batchControl).toMatchObject({
    sizes: [10, 20, 40],
    confirm: 2,
  });
});

test('settings that cannot be meant are refused by their key, with what was found and expected', () => {
  for (const [changes, message] of [
    // What a program in JavaScript may have, which no type holds.
    [
      { learningRate: 0.1 },
      'train: learningRate: is no setting, expected some of model, loss, data, subset, ',
    ],
    [{ batch_size: 10 }, 'train: batch_size: is no setting'],
    [
      { lr: [0.1, 0.2] },
      'train: lr: is [0.1,0.2], expected a number; several replicas are grid: { lr: […] }, every combination, or zip: { lr: […] }',
    ],
    [{ seed: [0] }, 'train: seed: is [0], expected a number; several replicas are grid: { seed: […] }'],
    [
      { grid: { batchSize: [1] } },
      'train: grid: unknown key "batchSize", expected some of lr, momentum, weightDecay, seed, initSeed, orderSeed',
    ],
    [
      { schedule: { type: 'cosine', tMax: 3, T_max: 3 } },
      'train: schedule: unknown key "tMax", expected some of type, T_max, eta_min, warmup',
    ],
    [{ grid: { seed: 3 } }, 'train: grid.seed: is 3: expected array'],
    [{ zip: { momentum: [0, -1] } }, 'train: zip.momentum.1: is -1: '],
    [{ lr: '0.1' }, 'train: lr: is "0.1": expected number'],
    [{ lr: Number.NaN }, 'train: lr: is NaN: '],
    [{ optimizer: 'lion' }, 'train: optimizer: is "lion": '],
    [{ optimizer: 'adam', momentum: 0.9 }, 'train: momentum: says nothing of optimizer "adam"'],
    [
      { optimizer: 'adamw', grid: { momentum: [0, 0.9] } },
      'train: grid.momentum: says nothing of optimizer "adamw"',
    ],
    [{ optimizer: 'adam', nesterov: false }, 'train: nesterov: says nothing of optimizer "adam"'],
    [{ betas: [0.9, 0.99] }, 'train: betas: says nothing of optimizer "sgd"'],
    [{ optimizer: 'adam', betas: [1, 0.9] }, 'train: betas.0: is 1: '],
    [{ lr: undefined }, 'train: lr: missing, expected a learning rate'],
    [{ seed: 0.5 }, 'train: seed: is 0.5: '],
    [{ data: undefined }, 'train: data: missing, expected a data set, as datasetFromArrays, loadDataset, '],
    [
      { data: { x: new Float32Array(4), y: new Uint8Array(2) } },
      'train: data: is {"x":a Float32Array of 4,"y":a Uint8Array of 2}, expected a data set, as datasetFromArrays makes of x and y',
    ],
    [{ data: Promise.resolve(data) }, 'train: data: is a Promise: await it'],
    [{ weights: Promise.resolve(new Map()) }, 'train: weights: is a Promise: await it'],
    [{ model: Promise.resolve([]) }, 'train: model: is a Promise: await it'],
    [{ resume: 'run.snapshot' }, 'train: resume: is "run.snapshot": '],
    [{ order: 'random' }, 'train: order: is "random": '],
    [{ schedule: { type: 'cosine' } }, 'train: schedule.T_max: missing: '],
    [{ averaging: { kind: 'lawa' } }, 'train: averaging.last: missing: '],
    [{ averaging: { kind: 'swag', last: 2 } }, 'train: averaging: unknown key "last"'],
    [{ averaging: { kind: 'swa', bn_batch_size: 4 } }, 'train: averaging: unknown key "bn_batch_size"'],
    // Two that exclude each other, or one that says nothing.
    [{ epochs: 2 }, 'train: epochs: given beside steps, expected one of steps and epochs'],
    [{ steps: undefined }, 'train: steps: missing, expected one of steps and epochs'],
    [
      { batchSize: undefined },
      'train: batchSize: missing, expected a batch size, or a batchSchedule that begins at step 0',
    ],
    [
      { batchSchedule: [{ fromStep: 0, batchSize: 5 }] },
      'train: batchSize: given beside a batchSchedule that begins at step 0',
    ],
    [
      { batchSchedule: [9, 4].map((fromStep) => ({ fromStep, batchSize: 5 })) },
      'train: batchSchedule.1.fromStep: is 4, expected more than the entry before it',
    ],
    [
      { weights: 'w.safetensors' },
      'train: weights: is "w.safetensors": expected the state dict, tensors by name',
    ],
    [{ weights: {}, initSeed: 1 }, 'train: initSeed: says nothing beside weights, which are then not drawn'],
    [{ weights: {}, grid: { initSeed: [1] } }, 'train: grid.initSeed: says nothing beside weights'],
    [
      { noiseScaleEvery: 1, smallBatch: 10 },
      'train: smallBatch: is 10, expected a divisor of the batch size 10 below it',
    ],
    [{ weightsPrefix: 'module.' }, 'train: weightsPrefix: says nothing without weights'],
    [{ smallBatch: 2 }, 'train: smallBatch: says nothing without noiseScaleEvery'],
    [{ gradientTests: true }, 'train: gradientTests: says nothing without noiseScaleEvery'],
    [
      { noiseScaleEvery: 1, smallBatch: 4 },
      'train: smallBatch: is 4, expected a divisor of the batch size 10 below it',
    ],
    [
      {
        noiseScaleEvery: 1,
        smallBatch: 5,
        batchSchedule: [{ fromStep: 7, batchSize: 12 }],
      },
      'train: smallBatch: is 5, expected a divisor of the batch size 12',
    ],
    [
      { instruments: [{ type: 'noise_scale', every: 1, small_batch: 3 }] },
      'train: instruments.0.small_batch: is 3, expected a divisor of the batch size 10',
    ],
    [{ instruments: [{ type: 'loss', every: 1 }] }, 'train: instruments.0.type: is "loss", expected one of'],
    [
      { schedule: { type: 'table', values: [0.1] } },
      'train: lr: says nothing beside a table, whose rates are absolute: expected no lr',
    ],
    [
      { lr: undefined, grid: { lr: [0.1] }, schedule: { type: 'table', values: [0.1] } },
      'train: grid.lr: says nothing beside a table',
    ],
    [
      { lr: undefined, schedule: { type: 'table', values: [0.1, 0.2] } },
      'train: schedule.values: has 2 rates, expected at least 60, one a step',
    ],
    [{ nesterov: true }, 'train: nesterov: needs a momentum above 0 in every replica and no dampening'],
    [{ nesterov: true, grid: { momentum: [0.9, 0] } }, 'train: nesterov: needs a momentum above 0 in every'],
    [{ nesterov: true, momentum: 0.9, dampening: 0.1 }, 'train: nesterov: needs'],
    [
      { averaging: { kind: 'swa', start: 61 } },
      'train: averaging.start: is 61 and the run has 60 steps, so nothing would be averaged',
    ],
    [{ steps: 2 ** 32 }, 'train: steps: is 4294967296: '],
    [
      { steps: undefined, epochs: 1e12 },
      'train: epochs: come to 10000000000000 steps, expected at most 4294967295',
    ],
  ] as [object, string][]) {
    const refusal = (() => {
      try {
        return described(changes);
      } catch (error) {
        return error as Error;
      }
    })();
    expect(refusal, message).toBeInstanceOf(InputError);
    expect((refusal as Error).message).toContain(message);
  }
});

test('epochs, a batch schedule and an average with its defaults make the run', () => {
  expect(described({ steps: undefined, epochs: 2 }).steps).toBe(20);
  // 5 steps of 10 and 4 of 40 are 210 examples.
  const grown = described({ steps: undefined, epochs: 2, batchSchedule: [{ fromStep: 5, batchSize: 40 }] });
  expect(grown).toMatchObject({
    steps: 9,
    batches: [
      { fromStep: 0, batchSize: 10 },
      { fromStep: 5, batchSize: 40 },
    ],
  });
  const alone = described({ batchSize: undefined, batchSchedule: [{ fromStep: 0, batchSize: 20 }] });
  expect(alone.batches).toEqual([{ fromStep: 0, batchSize: 20 }]);
  expect(described({ averaging: { kind: 'swa', bnBatchSize: 25 } })).toMatchObject({
    averaging: { kind: 'swa', start: 1, every: 1 },
    bnBatchSize: 25,
  });
  const table = { lr: undefined, schedule: { type: 'table', values: new Array(60).fill(0.3) } };
  expect(described({ ...table, grid: { seed: [1, 2] } }).replicas).toEqual([
    { lr: 0.3, momentum: 0, weightDecay: 0, seed: 1 },
    { lr: 0.3, momentum: 0, weightDecay: 0, seed: 2 },
  ]);
});

test('Adam is what torch.optim has by default, AdamW with its own weight decay', () => {
  const rates = { lr: undefined };
  expect(described({ ...rates, optimizer: 'adam' })).toMatchObject({
    optimizer: { type: 'adam', amsgrad: false },
    replicas: [{ lr: 1e-3, weightDecay: 0, seed: 0 }],
  });
  expect(described({ ...rates, optimizer: 'adamw', amsgrad: true, grid: { seed: [1, 2] } })).toMatchObject({
    optimizer: { type: 'adamw', amsgrad: true },
    replicas: [1, 2].map((seed) => ({ lr: 1e-3, weightDecay: 0.01, seed })),
  });
});

test('two descriptions of one run are one: what is left out is what it is by default', () => {
  const description = (changes: object): unknown => {
    const settings = checkSettings({ ...WHOLE, ...changes } as TrainSettings);
    const described = descriptionOf(settings, modelFrom('model', settings.model, settings.loss));
    return JSON.parse(JSON.stringify(described));
  };
  const spelled = {
    momentum: 0,
    weightDecay: 0,
    seed: 0,
    loss: 'cross_entropy',
    optimizer: 'sgd',
    nesterov: false,
    dampening: 0,
    schedule: { type: 'constant' },
    order: 'shuffle',
    instruments: [],
    resume: Uint8Array.of(1),
  };
  expect(description(spelled)).toEqual(description({}));
  expect(description({ momentum: undefined, grid: undefined })).toEqual(description({}));
  expect(description({ noiseScaleEvery: 2, smallBatch: 1, gradientTests: false })).toEqual(
    description({ noiseScaleEvery: 2 }),
  );
  expect(description({ model: { layers: WHOLE.model, loss: 'cross_entropy' } })).toEqual(description({}));
  const adam = { optimizer: 'adam', lr: undefined };
  const usual = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, amsgrad: false, weightDecay: 0 };
  expect(description({ ...adam, ...usual })).toEqual(description(adam));
  expect(description({ ...adam, eps: 1e-7 })).not.toEqual(description(adam));
  expect(description({ noiseScaleEvery: 2 })).not.toEqual(description({}));
  expect(description({ lr: undefined, grid: { lr: [0.1] } })).not.toEqual(description({}));
});

test('settings have the types of what is taken: defaults may be left out, and no typo compiles', () => {
  const takes: TrainSettings[] = [
    { ...WHOLE, schedule: { type: 'cosine', T_max: 300, warmup: 20 }, lr: undefined, grid: { lr: [0.1] } },
    { ...WHOLE, schedule: { type: 'swa', start: 30, alpha1: 0.05 }, momentum: undefined, weights: undefined },
    { ...WHOLE, instruments: [{ type: 'eigenvalue', every: 100, which: undefined }] },
    // @ts-expect-error no such option
    { ...WHOLE, instruments: [{ type: 'noise_scale', every: 1, smallBatch: 1 }] },
    // @ts-expect-error no such type
    { ...WHOLE, instruments: [{ type: 'eigenvalues', every: 1 }] },
    // @ts-expect-error no schedule
    { ...WHOLE, instruments: [{ type: 'batch_sharpness' }] },
  ];
  const taken = (given: TrainSettings): object | string => {
    try {
      const settings = checkSettings(given);
      return runShapeOf(settings, replicasOf(settings), data.examples);
    } catch (error) {
      return (error as InputError).item;
    }
  };
  expect(takes.map(taken)).toEqual([
    expect.objectContaining({ steps: 60 }),
    expect.objectContaining({ steps: 60 }),
    expect.objectContaining({ steps: 60 }),
    'instruments.0.smallBatch',
    'instruments.0.type',
    'instruments.0',
  ]);
});
