import { expect, test } from 'vitest';
import { parseTrainSpec } from '../../src/jobs/trainSpec.ts';

const SPEC = { model: 'model.json', data: 'data.safetensors', steps: 4, optimizer: { lr: 0.1 } };

test('defaults are filled in', () => {
  expect(parseTrainSpec(SPEC)).toMatchObject({
    order: 'shuffle',
    seed: 0,
    record_every: 1,
    optimizer: { type: 'sgd', momentum: 0, dampening: 0, weight_decay: 0, nesterov: false },
    lr_schedule: { type: 'constant' },
  });
});

test('Adam and AdamW have the defaults of torch.optim', () => {
  const optimizer = (given: object) => parseTrainSpec({ ...SPEC, optimizer: given }).optimizer;
  const adam = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, amsgrad: false };
  expect(optimizer({ type: 'adam' })).toEqual({ type: 'adam', ...adam, weight_decay: 0 });
  expect(optimizer({ type: 'adamw' })).toEqual({ type: 'adamw', ...adam, weight_decay: 0.01 });
});

const REFUSED: [what: string, changes: object, message: RegExp][] = [
  ['an unknown key', { batchsize: 3 }, /train\.json: top level: unknown key "batchsize"/],
  [
    'an unknown key inside',
    { optimizer: { lr: 1, beta: 1 } },
    /optimizer: unknown key "beta", expected some of type, lr, momentum, dampening, weight_decay, nesterov/,
  ],
  ['no learning rate', { optimizer: {} }, /optimizer\.lr: missing/],
  ['a negative rate', { optimizer: { lr: -1 } }, /optimizer\.lr: is -1/],
  ['a rate that is no number', { optimizer: { lr: '0.1' } }, /optimizer\.lr: is "0\.1"/],
  [
    'another optimizer',
    { optimizer: { type: 'lion', lr: 1 } },
    /optimizer\.type: is "lion": expected "sgd", "adam" or "adamw"/,
  ],
  [
    'momentum of Adam',
    { optimizer: { type: 'adam', momentum: 0.9 } },
    /optimizer: unknown key "momentum", expected some of type, lr, betas, eps, amsgrad, weight_decay/,
  ],
  [
    'momentum of a replica of Adam',
    { optimizer: { type: 'adam' }, replicas: [{}, { momentum: 0.9 }] },
    /replicas\.1\.momentum: says nothing of optimizer "adam"/,
  ],
  [
    'betas of a replica of SGD',
    { replicas: [{ betas: [0.9, 0.99] }] },
    /replicas\.0\.betas: says nothing of/,
  ],
  [
    'one beta',
    { optimizer: { type: 'adam', betas: [0.9] } },
    /optimizer\.betas: is \[0\.9\]: expected \[β₁, β₂\]/,
  ],
  ['a beta of 1', { optimizer: { type: 'adamw', betas: [0.9, 1] } }, /optimizer\.betas\.1: is 1/],
  ['Nesterov without momentum', { optimizer: { lr: 1, nesterov: true } }, /nesterov: needs a momentum/],
  ['a batch of none', { batch_size: 0 }, /batch_size: is 0/],
  ['half a step', { steps: 1.5 }, /steps: is 1\.5/],
  ['a seed past 32 bits', { seed: 2 ** 32 }, /seed: is 4294967296/],
  ['steps and epochs', { epochs: 1 }, /epochs: steps is given as well/],
  [
    'a short table',
    { lr_schedule: { type: 'table', values: [1, 1] } },
    /values: has 2 rates, expected at least 4/,
  ],
  ['an unknown schedule', { lr_schedule: { type: 'linear' } }, /lr_schedule/],
  [
    'an order file with a batch schedule',
    { order: 'order.safetensors', batch_schedule: [{ from_step: 0, batch_size: 2 }] },
    /batch_schedule: cannot go with an order file/,
  ],
  ['a schedule that starts late', { batch_schedule: [{ from_step: 2, batch_size: 2 }] }, /starts at step 2/],
  [
    'a schedule that goes back',
    {
      batch_schedule: [
        { from_step: 0, batch_size: 2 },
        { from_step: 0, batch_size: 4 },
      ],
    },
    /batch_schedule\.1\.from_step: is 0, expected more/,
  ],
  [
    'a rule that is none',
    { batch_schedule: { rule: 'double' } },
    /batch_schedule\.rule: is "double": expected "grow" or "noise"/,
  ],
  ['a schedule that is neither', { batch_schedule: 7 }, /batch_schedule: is 7: expected a table/],
  [
    'an unknown key of a rule',
    { batch_schedule: { rule: 'grow', most: 7 } },
    /batch_schedule: unknown key "most", expected some of rule, max_batch_size/,
  ],
  [
    'a law of the rate that is none',
    { batch_schedule: { rule: 'noise', examples_per_step: 9, check_every: 5, lr_law: 'cubic' } },
    /batch_schedule\.lr_law: is "cubic": expected one of "linear"/,
  ],
  [
    'a rule without a law for ε',
    { batch_schedule: { rule: 'noise', examples_per_step: 9, check_every: 5 } },
    /batch_schedule\.lr_law: missing: expected one of "linear", "sqrt", "none", "noise_scale"/,
  ],
  [
    'a table whose entry lacks its size',
    { batch_schedule: [{ from_step: 0 }] },
    /batch_schedule\.0\.batch_size: missing/,
  ],
  [
    'a rule beside an order file',
    { order: 'o.safetensors', batch_schedule: { rule: 'grow' } },
    /batch_schedule: cannot go with an order file/,
  ],
  ['a search of one draw', { lr_search: { draws: 1 } }, /lr_search\.draws: is 1/],
  ['no replicas', { replicas: [] }, /replicas: is \[\]/],
  ['an unknown key of a replica', { replicas: [{ decay: 1 }] }, /replicas\.0: unknown key "decay"/],
  [
    'sub-batches that do not divide',
    { measure: { every: 1, small_batch: 7 } },
    /small_batch: is 7, expected a divisor/,
  ],
  ['tests that are no yes or no', { measure: { every: 1, tests: 2 } }, /measure\.tests: is 2/],
  ['no optimizer', { optimizer: undefined }, /train\.json: optimizer\.lr: missing: expected/],
  ['a model that is none', { model: 7 }, /model: is 7: expected a file, \{"hidden": \[sizes\]\}, /],
  ['a seed of data that nothing draws', { data_seed: 1 }, /data_seed: nothing is drawn of data\.safetensors/],
  [
    'two seeds of the data',
    { data: 'quadratic?seed=2', data_seed: 1 },
    /data_seed: quadratic\?seed=2 says its seed itself/,
  ],
  [
    'a seed of the data of one replica',
    { replicas: [{}, { data_seed: 1 }] },
    /replicas\.1\.data_seed: nothing is drawn of data\.safetensors, expected subset, label_noise or augment/,
  ],
  ['a subset of none', { subset: 0 }, /subset: is 0/],
  ['a probability above 1', { label_noise: 1.5 }, /label_noise: is 1\.5/],
  ['pooling of no pixels', { average_pool: 0 }, /average_pool: is 0/],
  [
    'a subset in the name and beside it',
    { data: 'mnist?subset=10', subset: 5 },
    /subset: mnist\?subset=10 says what is made of it; expected one of the two/,
  ],
  [
    'label noise beside a name that says what is drawn',
    { data: 'mnist?subset=10', label_noise: 0.1 },
    /label_noise: mnist\?subset=10 says what is made of it/,
  ],
  [
    'pooling in the name and beside it',
    { data: 'mnist?average_pool=2', average_pool: 2 },
    /average_pool: mnist\?average_pool=2 says/,
  ],
  [
    'an unknown augmentation',
    { augment: { rotate: 3 } },
    /augment: unknown key "rotate", expected some of shift/,
  ],
  ['a shift by no pixels', { augment: { shift: 0 } }, /augment\.shift: is 0/],
  ['snapshots without a file', { snapshot: { every: 5 } }, /train\.json: snapshot\.file: missing/],
  ['snapshots never', { snapshot: { file: 's' } }, /snapshot\.every: missing, expected one of every/],
  ['snapshots twice', { snapshot: { file: 's', every: 1, seconds: 1 } }, /snapshot\.seconds: given beside/],
  ['snapshots at no step', { snapshot: { file: 's', every: 0 } }, /snapshot\.every: is 0/],
  ['a resume, which is no part of a run', { resume: true }, /unknown key "resume"/],
  [
    'an unknown average',
    { averaging: { type: 'polyak' } },
    /averaging\.type: is "polyak": expected "swa", "ema", "lawa" or "swag"/,
  ],
  ['LAWA of no captures', { averaging: { type: 'lawa' } }, /averaging\.last: missing/],
  [
    'an unknown key of an average',
    { averaging: { type: 'swag', last: 3 } },
    /averaging: unknown key "last", expected some of type, start, every, bn_batch_size, bn_order/,
  ],
  ['an order that is none', { averaging: { type: 'swa', bn_order: 'iid' } }, /averaging\.bn_order: is "iid"/],
];

test.for(REFUSED)('%s is refused', ([, changes, message]) => {
  expect(() => parseTrainSpec({ ...SPEC, ...changes })).toThrow(message);
});

test('what is not an object', () => {
  expect(() => parseTrainSpec(7)).toThrow(/train\.json/);
});

test('more replicas than a grid has room for are refused before they are looked at', () => {
  const replicas = Array.from({ length: 3_000_000 }, () => null);
  const started = process.cpuUsage().user;
  expect(() =>
    parseTrainSpec({ data: 'mnist', model: { hidden: [8] }, optimizer: { lr: 0.1 }, replicas }),
  ).toThrow('train.json: replicas: are 3000000, expected at most 65535');
  expect((process.cpuUsage().user - started) / 1e6).toBeLessThan(1);
});
