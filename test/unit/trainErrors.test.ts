import { expect, test } from 'vitest';
import { replicaNames } from '../../src/cli/replicaNames.ts';
import { inGivenWords } from '../../src/cli/trainErrors.ts';
import type { TrainOptions } from '../../src/cli/trainOptions.ts';
import { InputError } from '../../src/host/inputError.ts';
import { parseTrainSpec } from '../../src/jobs/trainSpec.ts';

function refusal(spec: object): InputError {
  try {
    parseTrainSpec(spec);
  } catch (error) {
    return error as InputError;
  }
  throw new Error('not refused');
}
const said = (error: unknown, file: string | undefined, options: TrainOptions = {}): string =>
  (inGivenWords(error, file, options) as Error).message;
const WHOLE = { model: { hidden: [4] }, data: 'quadratic', optimizer: { lr: 0.1 } };

test('without a file an option is named, as the one that is missing or the one that is wrong', () => {
  expect(said(refusal({ ...WHOLE, optimizer: undefined }), undefined)).toMatch(
    /^command line: --lr: missing/,
  );
  expect(said(refusal({ ...WHOLE, model: undefined }), undefined)).toMatch(
    /^command line: --model, --hidden or --transformer: missing/,
  );
  expect(said(refusal({ ...WHOLE, lr_schedule: { type: 'step' } }), undefined)).toMatch(
    /^command line: --schedule: missing/,
  );
  const averaged = refusal({ ...WHOLE, averaging: { type: 'lawa', last: 2, start: -1 } });
  expect(said(averaged, undefined)).toMatch(/^command line: --swa-start: is -1/);
  expect(said(averaged, undefined, { averaging: {} })).toMatch(/^command line: --averaging: is -1/);
  expect(said(refusal({ ...WHOLE, replicas: [{ lr: -1 }] }), undefined)).toMatch(
    /^command line: --lr: is -1/,
  );
  expect(said(new InputError('train.json', 'epochs', 'come to 4 steps'), undefined)).toMatch(
    /: --epochs: come/,
  );
  const layer = new InputError('train.json model', 'layers.0', 'has no kernels');
  expect(said(layer, undefined)).toBe(
    'command line: --model, --hidden or --transformer: layers.0: has no kernels',
  );
});

test('with a file its own name is said, but where an option has replaced what it says', () => {
  const error = refusal({ ...WHOLE, batch_size: 0 });
  expect(said(error, 'runs/a.json')).toBe(
    'runs/a.json: batch_size: is 0: Too small: expected number to be >0',
  );
  expect(said(error, 'runs/a.json', { batchSize: 0 })).toMatch(/^command line: --batch-size: is 0/);
  const layer = new InputError('train.json model', 'layers.0', 'has no kernels');
  expect(said(layer, 'runs/a.json')).toBe('runs/a.json model: layers.0: has no kernels');
});

test('errors about other files, and other errors, stay', () => {
  const file = new InputError('w.safetensors', '0.weight', 'is missing');
  const other = new Error('train.json: x: y');
  expect(inGivenWords(file, undefined, {})).toBe(file);
  expect(inGivenWords(other, undefined, {})).toBe(other);
});

test('replicas are called by what differs between them', () => {
  const names = (spec: object): string[] => replicaNames(parseTrainSpec({ ...WHOLE, ...spec }));
  expect(names({})).toEqual(['']);
  expect(names({ replicas: [{ seed: 4 }] })).toEqual(['']);
  expect(names({ replicas: [{ lr: 0.1 }, { lr: 0.3 }] })).toEqual(['ε = 0.1', 'ε = 0.3']);
  expect(names({ replicas: [{ lr: 0.3, seed: 1 }, { seed: 2 }] })).toEqual([
    'ε = 0.3, seed 1',
    'ε = 0.1, seed 2',
  ]);
  const adam = { optimizer: { type: 'adam' }, replicas: [{}, { betas: [0.5, 0.999] }] };
  expect(names(adam)).toEqual(['β = 0.9, 0.999', 'β = 0.5, 0.999']);
  expect(names({ replicas: [{}, {}, { seed: 1 }] })).toEqual([
    'seed 0, replica 0',
    'seed 0, replica 1',
    'seed 1',
  ]);
  expect(names({ replicas: [{}, {}] })).toEqual(['replica 0', 'replica 1']);
});
