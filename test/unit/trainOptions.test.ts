import { describe, expect, test } from 'vitest';
import {
  batchRule,
  keyValues,
  numbers,
  sizes,
  type TrainOptions,
  trainSpec,
  typed,
} from '../../src/cli/trainOptions.ts';

const spec = (options: TrainOptions, file = {}) => trainSpec(file, options, (name) => `/here/${name}`);

describe('trainSpec', () => {
  test('a file without options is itself', () => {
    const file = { model: 'model.json', data: 'd.npz', steps: 3, optimizer: { type: 'sgd', lr: 1 } };
    expect(spec({}, file)).toEqual(file);
  });

  test('short forms', () => {
    expect(spec({ data: 'mnist', hidden: [64], batchSize: 64, lr: [0.1], epochs: 2, replicas: 3 })).toEqual({
      data: 'mnist',
      model: { hidden: [64], activation: 'ReLU' },
      batch_size: 64,
      optimizer: { type: 'sgd', lr: 0.1 },
      epochs: 2,
      replicas: [{ seed: 0 }, { seed: 1 }, { seed: 2 }],
    });
  });

  test('options replace what the file says and leave the rest', () => {
    const file = {
      steps: 10,
      optimizer: { type: 'sgd', lr: 1, momentum: 0.9 },
      averaging: { type: 'swa', start: 5, every: 1, bn_batch_size: 16 },
      lr_schedule: { type: 'cosine', T_max: 10 },
    };
    expect(spec({ epochs: 2, lr: [0.5], nesterov: true, swaEvery: 2, warmup: 4 }, file)).toEqual({
      epochs: 2,
      optimizer: { type: 'sgd', lr: 0.5, momentum: 0.9, nesterov: true },
      averaging: { type: 'swa', start: 5, every: 2, bn_batch_size: 16 },
      lr_schedule: { type: 'cosine', T_max: 10, warmup: 4 },
    });
    expect(file.optimizer.lr).toBe(1);
    expect(
      spec({ measureSmallBatch: 8, measureTests: true }, { measure: { every: 5, small_batch: 2 } }),
    ).toEqual({
      measure: { every: 5, small_batch: 8, tests: true },
    });
  });

  test('another optimizer than the file’s takes none of its settings, the same one all', () => {
    const file = { optimizer: { lr: 1, momentum: 0.9 } };
    const adam = { type: 'adam', betas: [0.8, 0.99], eps: 1e-6, amsgrad: true };
    const given = { optimizer: 'adam', betas: [0.8, 0.99], eps: 1e-6, amsgrad: true };
    expect(spec(given, file).optimizer).toEqual(adam);
    expect(spec({ optimizer: 'adam', lr: [0.1] }, { optimizer: adam }).optimizer).toEqual({
      ...adam,
      lr: 0.1,
    });
    expect(spec({ optimizer: 'adamw' }).optimizer).toEqual({ type: 'adamw' });
    expect(spec({ optimizer: 'sgd' }, file)).toEqual(file);
    expect(spec({ eps: 1e-6 }, { optimizer: { type: 'adam' } }).optimizer).toEqual({
      type: 'adam',
      eps: 1e-6,
    });
  });

  test('what is made of the data, each option over what the file says', () => {
    expect(
      spec({
        data: 'mnist',
        averagePool: 2,
        subset: 100,
        labelNoise: 0.2,
        shift: 1,
        flip: true,
        dataSeed: [3, 4],
      }),
    ).toEqual({
      data: 'mnist',
      average_pool: 2,
      subset: 100,
      label_noise: 0.2,
      augment: { shift: 1, flip: true },
      data_seed: 3,
      replicas: [{ data_seed: 3 }, { data_seed: 4 }],
    });
    const file = { augment: { crop: { padding: 2 }, flip: true } };
    expect(spec({ shift: 3 }, file)).toEqual({ augment: { shift: 3, flip: true } });
    expect(spec({ flip: true }, { augment: { shift: 1 } })).toEqual({ augment: { shift: 1, flip: true } });
    expect(spec({ cropPadding: 4 }, { augment: { shift: 1 } })).toEqual({
      augment: { crop: { padding: 4 } },
    });
    expect(() => spec({ shift: 1, cropPadding: 1 })).toThrow(/--crop-padding: --shift is given as well/);
  });

  test('snapshots: file and steps, each over what the file says', () => {
    expect(spec({ snapshot: 'run.snapshot', snapshotEvery: 50 }).snapshot).toEqual({
      file: '/here/run.snapshot',
      every: 50,
    });
    const file = { snapshot: { file: 'kept', every: 7 } };
    expect(spec({ snapshotEvery: 9 }, file).snapshot).toEqual({ file: 'kept', every: 9 });
    expect(file.snapshot.every).toBe(7);
  });

  test("paths are against the caller's folder; names of built-ins and orders are not paths", () => {
    expect(
      spec({ data: 'd.safetensors', model: 'm.json', weights: 'w.safetensors', order: 'o.safetensors' }),
    ).toEqual({
      data: '/here/d.safetensors',
      model: '/here/m.json',
      weights: '/here/w.safetensors',
      order: '/here/o.safetensors',
    });
    expect(spec({ data: 'mnist', order: 'iid' })).toEqual({ data: 'mnist', order: 'iid' });
    expect(spec({ data: 'gaussian-clusters?spread=0.5' }).data).toBe('gaussian-clusters?spread=0.5');
    expect(spec({ data: 'images.idx3,labels.idx1' }).data).toBe('/here/images.idx3,/here/labels.idx1');
    // What is made of the data is no part of a path.
    expect(spec({ data: 'mnist?subset=10' }).data).toBe('mnist?subset=10');
    expect(spec({ data: 'd.npz?label_noise=0.2&subset=3' }).data).toBe(
      '/here/d.npz?label_noise=0.2&subset=3',
    );
    expect(spec({ data: 'a.idx3,b.idx1?subset=3' }).data).toBe('/here/a.idx3,/here/b.idx1?subset=3');
  });

  test('lists make one replica for each combination', () => {
    const { replicas, optimizer, seed } = spec({ lr: [0.1, 0.2], weightDecay: [0, 1e-4], seed: [5] }) as {
      replicas: unknown;
      optimizer: unknown;
      seed: number;
    };
    expect(replicas).toEqual([
      { lr: 0.1, weight_decay: 0 },
      { lr: 0.1, weight_decay: 1e-4 },
      { lr: 0.2, weight_decay: 0 },
      { lr: 0.2, weight_decay: 1e-4 },
    ]);
    expect(optimizer).toEqual({ type: 'sgd', lr: 0.1, weight_decay: 0 });
    expect(seed).toBe(5);
    expect(spec({ lr: [0.1, 0.2], replicas: 2, seed: [7] }).replicas).toEqual([
      { lr: 0.1, seed: 7 },
      { lr: 0.1, seed: 8 },
      { lr: 0.2, seed: 7 },
      { lr: 0.2, seed: 8 },
    ]);
  });

  test('contradictions are refused with the option named', () => {
    expect(() => spec({ model: 'm.json', hidden: [3] })).toThrow(/--hidden/);
    expect(() => spec({ activation: 'Tanh' })).toThrow(/--activation/);
    expect(() => spec({ steps: 3, epochs: 1 })).toThrow(/--epochs/);
    expect(() => spec({ replicas: 3, seed: [1, 2] })).toThrow(/--replicas/);
    expect(() => spec({ weightDecay: [0, 1] }, { replicas: [{}, {}] })).toThrow(/--weight-decay/);
    expect(() => spec({ emaDecay: 0.9, swaStart: 3 })).toThrow(/--ema-decay/);
    const file = { averaging: { type: 'swa', start: 5 } };
    expect(spec({ averaging: typed('lawa:last=5,every=100,bn_order=shuffle') }, file).averaging).toEqual({
      type: 'lawa',
      last: 5,
      every: 100,
      bn_order: 'shuffle',
    });
    expect(() => spec({ averaging: typed('swag'), swaEvery: 3 })).toThrow(/--averaging: .*--swa-start asks/);
    expect(() => spec({ averaging: typed('swag'), emaDecay: 0.9 })).toThrow(
      /--averaging: .*--ema-decay asks/,
    );
  });
});

describe('values of options', () => {
  test('numbers, sizes, schedules', () => {
    expect(numbers('0.1,1e-3')).toEqual([0.1, 1e-3]);
    expect(sizes('64,32', [128])).toEqual([128, 64, 32]);
    expect(typed('cosine:T_max=500,eta_min=0.01')).toEqual({ type: 'cosine', T_max: 500, eta_min: 0.01 });
    expect(typed('swa:kind=cyclic,cycle=5')).toEqual({ type: 'swa', kind: 'cyclic', cycle: 5 });
    expect(typed('constant')).toEqual({ type: 'constant' });
    expect(batchRule('grow:max_batch_size=512')).toEqual({ rule: 'grow', max_batch_size: 512 });
    expect(keyValues('after=20,draws=4')).toEqual({ after: 20, draws: 4 });
    const searched = { lrSearch: true, batchSchedule: { rule: 'grow' } } as const;
    expect(trainSpec({}, searched, (name) => name)).toMatchObject({
      lr_search: {},
      batch_schedule: { rule: 'grow' },
    });
  });

  test('what is no number is refused', () => {
    expect(() => numbers('0.1,')).toThrow(/number/);
    expect(() => numbers('Infinity')).toThrow(/number/);
    expect(() => sizes('0')).toThrow(/at least 1/);
    expect(() => typed('step:gamma')).toThrow(/key=value/);
  });
});
