import { expect, test } from 'vitest';
import type { HostTensor } from '../../src/host/hostTensor.ts';
import { describeMatch, matchModules } from '../../src/nn/matchModules.ts';
import { parseModel, stateDictLayout } from '../../src/nn/modelSpec.ts';
import { loadStateDict } from '../../src/nn/stateDict.ts';

const dense = (a: number, b: number) => ({ type: 'Linear', in_features: a, out_features: b });
const layoutOf = (...layers: object[]) => stateDictLayout(parseModel('m', { layers, loss: 'mse' }));

/** A checkpoint of modules, sorted by name as safetensors writes it; element 0 of a weight says which module it is. */
function checkpoint(modules: Record<string, Record<string, number[]>>, prefix = ''): Map<string, HostTensor> {
  const entries = Object.entries(modules).flatMap(([module, tensors], i) =>
    Object.entries(tensors).map(([tensor, shape]): [string, HostTensor] => {
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(i);
      return [prefix + (module === '' ? tensor : `${module}.${tensor}`), { dtype: 'F32', shape, data }];
    }),
  );
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
const linear = (a: number, b: number) => ({ weight: [b, a], bias: [b] });
const CONV = { type: 'Conv2d', in_channels: 1, out_channels: 2, kernel_size: 3 };

const cnn = layoutOf(
  CONV,
  { type: 'ReLU' },
  { type: 'Flatten' },
  dense(18, 5),
  { type: 'ReLU' },
  dense(5, 2),
);

test('modules whose shapes leave one possibility', () => {
  const tensors = checkpoint({
    conv1: { weight: [2, 1, 3, 3], bias: [2] },
    fc1: linear(18, 5),
    classifier: linear(5, 2),
  });
  const names = matchModules('w.st', tensors, cnn);
  expect(describeMatch(names)).toBe('conv1 → 0, fc1 → 3, classifier → 5');
  expect(names.get('5.weight')).toBe('classifier.weight');
  const loaded = loadStateDict('w.st', tensors, cnn, { names });
  expect([...loaded.keys()]).toEqual(cnn.map(({ name }) => name));
  expect(loaded.get('3.bias')).toEqual(new Float32Array(5).fill(1));
});

test('modules that are alike go by the numbers in their names, fc10 after fc2', () => {
  const layout = layoutOf(...Array.from({ length: 11 }, () => dense(4, 4)));
  const names = Array.from({ length: 11 }, (_, i) => `block${Math.floor(i / 6)}.fc${i + 1}`);
  const tensors = checkpoint(Object.fromEntries(names.map((name) => [name, linear(4, 4)])));
  const match = matchModules('w.st', tensors, layout);
  expect(Array.from(layout, ({ name }) => match.get(name))).toEqual(
    names.flatMap((name) => [`${name}.weight`, `${name}.bias`]),
  );
});

test('under a prefix, beside averages and counts', () => {
  const layout = layoutOf(dense(3, 2));
  const scalar: HostTensor = { dtype: 'I64', shape: [], data: BigInt64Array.of(3n) };
  const tensors = new Map([...checkpoint({ head: linear(3, 2) }, 'module.'), ['n_averaged', scalar]]);
  expect(describeMatch(matchModules('w.st', tensors, layout, 'module.'))).toBe('module.head → 0');
  // A bare torch.nn.Linear has no module's name at all.
  const bare = new Map([...checkpoint({ '': linear(3, 2) }), ['n_averaged', scalar]]);
  expect(matchModules('w.st', bare, layout).get('0.weight')).toBe('weight');
});

test('normalisations are told apart by what they hold', () => {
  const layout = layoutOf(
    dense(3, 3),
    { type: 'LayerNorm', normalized_shape: 3 },
    { type: 'BatchNorm1d', num_features: 3 },
  );
  const batchNorm = { weight: [3], bias: [3], running_mean: [3], running_var: [3], num_batches_tracked: [] };
  const tensors = checkpoint({ bn: batchNorm, ln: { weight: [3], bias: [3] }, fc: linear(3, 3) });
  expect(describeMatch(matchModules('w.st', tensors, layout))).toBe('fc → 0, ln → 1, bn → 2');
});

test.each<[string, Record<string, Record<string, number[]>>, string]>([
  [
    'alike, and no order',
    { body: linear(4, 4), head: linear(4, 4) },
    'w.st: body, head: have the same tensors, bias [4], weight [4, 4], and names that do not differ in numbers alone, so ' +
      'that nothing says which is which of 0, 1; give the layers of the model the "name" of their module',
  ],
  [
    'alike, and one number',
    { fc1: linear(4, 4), fc01: linear(4, 4) },
    'names that do not differ in numbers alone',
  ],
  [
    'too few',
    { fc1: linear(4, 4) },
    'w.st: fc1: 1 modules with bias [4], weight [4, 4], the model has 2: 0, 1',
  ],
  [
    'another shape',
    { fc1: linear(4, 4), fc2: linear(4, 5) },
    'w.st: fc2: has bias [5], weight [5, 4], as no layer of',
  ],
  ['no bias', { fc1: linear(4, 4), fc2: { weight: [4, 4] } }, 'w.st: fc2: has weight [4, 4], as no layer of'],
  ['none', {}, 'w.st: none: 0 modules with bias [4], weight [4, 4], the model has 2'],
])('refuses: %s', (_, modules, message) => {
  const layout = layoutOf(dense(4, 4), dense(4, 4));
  expect(() => matchModules('w.st', checkpoint(modules), layout)).toThrow(message);
});
