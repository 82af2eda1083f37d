import { expect, test } from 'vitest';
import { initialStateDict } from '../../src/nn/init.ts';
import { parseModel, stateDictLayout } from '../../src/nn/modelSpec.ts';

const model = parseModel('m', {
  layers: [
    { type: 'Conv2d', in_channels: 3, out_channels: 16, kernel_size: [3, 5] },
    { type: 'BatchNorm2d', num_features: 16 },
    { type: 'Flatten' },
    { type: 'LayerNorm', normalized_shape: 16 },
    { type: 'Linear', in_features: 400, out_features: 50 },
  ],
  loss: 'cross_entropy',
});

test('names and shapes are the state dict’s', () => {
  const layout = stateDictLayout(model);
  const initial = initialStateDict(model, 1);
  expect([...initial.keys()]).toEqual(layout.map(({ name }) => name));
  for (const { name, shape } of layout) expect(initial.get(name)?.shape).toEqual(shape);
});

test.each([
  ['0.weight', 45],
  ['0.bias', 45],
  ['4.weight', 400],
  ['4.bias', 400],
])('%s is uniform on ±1/√fan_in', (name, fanIn) => {
  const data = initialStateDict(model, 7).get(name)?.data ?? new Float32Array();
  const bound = 1 / Math.sqrt(fanIn);
  expect(Math.max(...data)).toBeLessThan(bound);
  expect(Math.min(...data)).toBeGreaterThanOrEqual(-Math.fround(bound));
  // Mean 0 and variance bound²/3, each within five standard errors.
  const n = data.length;
  const mean = data.reduce((sum, value) => sum + value, 0) / n;
  const square = data.reduce((sum, value) => sum + value ** 2, 0) / n;
  expect(Math.abs(mean)).toBeLessThan((5 * bound) / Math.sqrt(3 * n));
  expect(Math.abs(square - bound ** 2 / 3)).toBeLessThan(5 * bound ** 2 * Math.sqrt(4 / 45 / n));
});

test('normalisation layers begin as the identity', () => {
  const initial = initialStateDict(model, 3);
  const all = (name: string): number[] => [...new Set(initial.get(name)?.data)];
  expect(all('1.weight')).toEqual([1]);
  expect(all('1.bias')).toEqual([0]);
  expect(all('1.running_mean')).toEqual([0]);
  expect(all('1.running_var')).toEqual([1]);
  expect(all('1.num_batches_tracked')).toEqual([0]);
  expect(all('3.weight')).toEqual([1]);
  expect(all('3.bias')).toEqual([0]);
});

test('a seed gives the same weights again, another seed other weights', () => {
  const weights = (seed: number) => initialStateDict(model, seed).get('4.weight')?.data;
  expect(weights(5)).toEqual(weights(5));
  expect(weights(5)).not.toEqual(weights(6));
  expect(() => initialStateDict(model, -1)).toThrow('seed is -1, expected an integer in [0, 2^32)');
});

const transformer = parseModel('m', {
  layers: [
    { type: 'Embedding', num_embeddings: 65, embedding_dim: 33 },
    { type: 'LearnedPositions', length: 64, embedding_dim: 33 },
    { type: 'TransformerEncoderLayer', d_model: 33, nhead: 3, dim_feedforward: 127 },
  ],
  loss: 'cross_entropy',
});

test.each(['0.weight', '1.weight'])('%s is normal with variance 1', (name) => {
  const data = initialStateDict(transformer, 7).get(name)!.data;
  const n = data.length;
  const moment = (power: number): number => data.reduce((sum, value) => sum + value ** power, 0) / n;
  // Five standard errors each.
  expect(Math.abs(moment(1))).toBeLessThan(5 / Math.sqrt(n));
  expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
  expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
});

test.each([
  ['2.self_attn.in_proj_weight', Math.sqrt(6 / (4 * 33))],
  ['2.self_attn.out_proj.weight', 1 / Math.sqrt(33)],
  ['2.linear1.weight', 1 / Math.sqrt(33)],
  ['2.linear1.bias', 1 / Math.sqrt(33)],
  ['2.linear2.weight', 1 / Math.sqrt(127)],
  ['2.linear2.bias', 1 / Math.sqrt(127)],
])('%s is uniform on ±%f', (name, bound) => {
  const data = initialStateDict(transformer, 7).get(name)!.data;
  const largest = Math.max(...data.map(Math.abs));
  expect(largest).toBeLessThanOrEqual(Math.fround(bound));
  // With n numbers, one in e⁸ of data sets has none beyond this.
  expect(largest).toBeGreaterThan(bound * (1 - 8 / data.length));
});

test('a Transformer’s biases of the attention begin at 0, and its normalisation as the identity', () => {
  const initial = initialStateDict(transformer, 3);
  const all = (name: string): number[] => [...new Set(initial.get(name)?.data)];
  expect(all('2.self_attn.in_proj_bias')).toEqual([0]);
  expect(all('2.self_attn.out_proj.bias')).toEqual([0]);
  for (const norm of ['2.norm1', '2.norm2']) {
    expect(all(`${norm}.weight`)).toEqual([1]);
    expect(all(`${norm}.bias`)).toEqual([0]);
  }
});
