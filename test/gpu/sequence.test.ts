import { expect, test } from 'vitest';
import { Graph, type Tensor } from '../../src/ops/graph.ts';
import {
  concatenate,
  embedding,
  embeddingGradient,
  fill,
  pad,
  permute,
  slice,
  softmax,
  where,
} from '../../src/ops/index.ts';
import { lookups } from '../../src/ops/perExample/lookups.ts';
import { sequenceTrials } from '../../src/selftest/cases/sequence.ts';
import { prepareTrial, runTrial, trialsFor } from '../../src/selftest/runTrial.ts';
import { testGpu } from './device.ts';
import { evaluate, randomValues } from './trace.ts';

test('every case of the self-test is as its float64 reference, twice with the same bits', async () => {
  const gpu = await testGpu();
  const failed = [];
  for (const trial of trialsFor(gpu, sequenceTrials())) {
    const prepared = await prepareTrial(gpu, trial);
    const row = await runTrial(gpu, prepared);
    if (!row.ok) failed.push(row);
    prepared.dispose();
  }
  expect(failed).toEqual([]);
}, 300_000);

test('integers are permuted, sliced and padded as they are', async () => {
  const values = Uint32Array.from({ length: 24 }, (_, i) => 4_294_967_000 + i);
  const [permuted, piece, padded] = await evaluate([{ shape: [2, 3, 4], values }], ([x]) => [
    permute(x!, [2, 0, 1]),
    slice(x!, 1, 1, 3),
    pad(slice(x!, 0, 1, 2), 2, 1, 0),
  ]);
  const words = (of: Float32Array[]): number[] =>
    [...new Uint32Array(of[0]!.buffer)].map((v) => v && v - 4_294_967_000);
  expect(words(permuted!).slice(0, 7)).toEqual([0, 4, 8, 12, 16, 20, 1]);
  expect(words(piece!)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23]);
  expect(words(padded!).slice(0, 6)).toEqual([0, 12, 13, 14, 15, 0]);
});

test('orders that leave the elements where they are copy nothing', () => {
  const graph = new Graph();
  const x = fill(graph, 1, [1, 3, 1, 5]);
  const nodes = graph.nodes.length;
  expect(permute(x, [1, 0, 3, 2]).shape).toEqual([3, 1, 5, 1]);
  expect(graph.nodes.slice(nodes).map(({ op }) => op.name)).toEqual(['reshape']);
});

test('an index past the end of a table gives NaN, and in sums by index NaN everywhere', async () => {
  const index = Uint32Array.of(0, 3, 1, 1);
  const [rows, sums, mean, squares, norms] = await evaluate(
    [
      { shape: [3, 2], values: randomValues(6, 1) },
      { shape: [4, 2], values: randomValues(8, 2) },
      { shape: [4], values: index },
    ],
    ([table, d, at]) => {
      const { gradient, centredSquares, normSq } = lookups(at!, d!, { examples: 2, entries: 3 }).moments();
      return [embedding(table!, at!), embeddingGradient(d!, at!, 3), gradient, centredSquares, normSq];
    },
  );
  expect([...rows![0]!].map(Number.isNaN)).toEqual([false, false, true, true, false, false, false, false]);
  for (const all of [sums!, mean!, squares!]) expect([...all[0]!].every(Number.isNaN)).toBe(true);
  expect([...norms![0]!].map(Number.isNaN)).toEqual([true, false]);
});

test('sums by index have the same bits alone and as one replica of three', async () => {
  const d = { shape: [65, 7, 33], values: randomValues(65 * 7 * 33, 1) };
  const indices = [1, 2, 3].map((seed) =>
    Uint32Array.from(randomValues(455, seed), (v) => (v > 0.3 ? 1 : 0)),
  );
  const sums = ([x, at]: Tensor[]): Tensor[] => [embeddingGradient(x!, at!, 2)];
  const [together] = await evaluate([d, { shape: [65, 7], values: indices }], sums, 3);
  for (const [replica, values] of indices.entries()) {
    const [alone] = await evaluate([d, { shape: [65, 7], values }], sums);
    expect(together![replica]).toEqual(alone![0]);
  }
});

const REFUSED: Readonly<Record<string, [(of: (...shape: number[]) => Tensor) => unknown, string]>> = {
  'an order that names an axis twice': [
    (of) => permute(of(2, 3), [0, 0]),
    'permute: order [0, 0] of [2, 3], expected each of its axes once',
  ],
  'an order of too few axes': [(of) => permute(of(2, 3), [0]), 'permute: order [0] of [2, 3]'],
  'a slice past the end': [(of) => slice(of(2, 3), 1, 1, 4), 'slice: 1 to 4 of axis 1 of [2, 3]'],
  'an empty slice': [(of) => slice(of(2, 3), 1, 1, 1), 'slice: 1 to 1 of axis 1 of [2, 3]'],
  'an axis that is not there': [(of) => slice(of(2, 3), 2, 0, 1), 'slice: axis 2 of [2, 3]'],
  'a negative padding': [(of) => pad(of(2), 0, -1, 0), 'pad: by -1 elements'],
  'nothing to concatenate': [() => concatenate([], 0), 'concatenate: [], expected a list of tensors'],
  'parts that differ elsewhere': [
    (of) => concatenate([of(2, 3), of(2, 4)], 0),
    'concatenate: [2, 4] and [2, 3] along axis 0: others differ too',
  ],
  'a mask of another shape': [(of) => where(of(2), of(3), of(3)), 'where: shapes [2] and [3] differ'],
  'causal of what is no square': [
    (of) => softmax(of(5, 2, 3), { causal: true }),
    'softmax: causal of [5, 2, 3], expected […, T, T]',
  ],
  'a table of three axes': [
    (of) => embedding(of(2, 3, 4), of(5)),
    'embedding: a table of [2, 3, 4], expected [V, D]',
  ],
  'indices that are floats': [
    (of) => embedding(of(2, 3), of(5)),
    'embedding: operand 1 is f32 [5], expected u32',
  ],
  'rows and indices of two numbers': [
    (of) => embeddingGradient(of(4, 3), of(5), 2),
    'embeddingGradient: the operand has shape [4, 3], expected [5, 3]',
  ],
};

test.each(Object.entries(REFUSED))('refused by name: %s', (_, [call, message]) => {
  const graph = new Graph();
  expect(() => call((...shape) => fill(graph, 1, shape))).toThrow(message);
});
