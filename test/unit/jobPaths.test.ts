import { expect, test } from 'vitest';
import { resultWithFullPaths, withFullPaths } from '../../src/cli/jobPaths.ts';
import { weightsFile } from '../../src/cli/weightsFile.ts';

test('paths of a job are made full, names of built-ins and ways to draw stay', () => {
  const job = {
    model: 'm.json',
    weights: '/a/w.safetensors',
    data: 'd.safetensors',
    order: 'o.safetensors',
    replicas: [{ weights: '../v.safetensors' }, { lr: 1 }],
  };
  expect(withFullPaths(job, '/b/c')).toEqual({
    model: '/b/c/m.json',
    weights: '/a/w.safetensors',
    data: '/b/c/d.safetensors',
    order: '/b/c/o.safetensors',
    replicas: [{ weights: '/b/v.safetensors' }, { lr: 1 }],
  });
  const built = { model: { hidden: [4] }, data: 'quadratic?dims=2', order: 'shuffle' };
  expect(withFullPaths(built, '/b')).toEqual(built);
});

test('a file of weights may be written with a prefix, and keeps it where paths are made full', () => {
  expect(weightsFile('a/b.safetensors')).toBe('a/b.safetensors');
  expect(weightsFile('b.safetensors#swa.')).toEqual({ weights: 'b.safetensors', prefix: 'swa.' });
  expect(weightsFile('b#1.safetensors#')).toEqual({ weights: 'b#1.safetensors', prefix: '' });
  const swa = { weights: 'b', prefix: 'swa.' };
  const job = { from: 'a', to: swa, through: ['a', swa, 'c'], mark: { prefix: 'd', swa }, test: 'mnist' };
  const full = { weights: '/x/b', prefix: 'swa.' };
  expect(withFullPaths(job, '/x')).toEqual({
    ...{ from: '/x/a', to: full, through: ['/x/a', full, '/x/c'], mark: { prefix: '/x/d', swa: full } },
    test: 'mnist',
  });
});

test('a result of any command has the paths of its job in full, one without a job is what it was', () => {
  const job = { job: 'sharpness', model: 'm.json', weights: 'w', data: 'd.npz?subset=5' };
  expect(resultWithFullPaths({ loss: 1, job }, '/x')).toEqual({
    loss: 1,
    job: { job: 'sharpness', model: '/x/m.json', weights: '/x/w', data: '/x/d.npz?subset=5' },
  });
  const trained = { job: { data: 'd.npz' }, replicas: [{ trainedOn: 'd.npz?subset=5' }] };
  expect(resultWithFullPaths(trained, '/x')).toEqual({
    job: { data: '/x/d.npz' },
    replicas: [{ trainedOn: '/x/d.npz?subset=5' }],
  });
  expect(resultWithFullPaths({ loss: 1 }, '/x')).toEqual({ loss: 1 });
});
