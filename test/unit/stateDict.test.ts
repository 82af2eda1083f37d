import { expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/data/safetensors.ts';
import type { HostTensor } from '../../src/host/hostTensor.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import { parseModel, stateDictLayout } from '../../src/nn/modelSpec.ts';
import { loadStateDict, stateDictPrefixes, stateDictTensors } from '../../src/nn/stateDict.ts';

const model = parseModel('m', {
  layers: [
    { type: 'Linear', in_features: 2, out_features: 3 },
    { type: 'BatchNorm1d', num_features: 3 },
  ],
  loss: 'cross_entropy',
});
const layout = stateDictLayout(model);
const values = new Map<string, Float32Array | Uint32Array>(
  Array.from(initialStateDict(model, 1), ([name, { data }]) => [name, data]),
);
// More than float32 counts.
values.set('1.num_batches_tracked', Uint32Array.of(2 ** 24 + 1));
const other = new Map(
  Array.from(values, ([name, data]) => {
    const more = [...data].map((value) => value + 1);
    return [name, data instanceof Uint32Array ? Uint32Array.from(more) : Float32Array.from(more)] as const;
  }),
);

const plain = () => stateDictTensors(values, layout);
const load = (tensors: Map<string, HostTensor>, prefix?: string) =>
  loadStateDict('w.st', tensors, layout, prefix === undefined ? {} : { prefix });
const changed = (name: string, tensor: HostTensor) => new Map([...plain(), [name, tensor]]);

test('comes back from a file', () => {
  const tensors = readSafetensors('w.st', writeSafetensors(stateDictTensors(values, layout)));
  expect(tensors.get('1.num_batches_tracked')).toEqual({
    dtype: 'I64',
    shape: [],
    data: BigInt64Array.of(2n ** 24n + 1n),
  });
  expect(load(tensors)).toEqual(values);
});

test('skips averages unless the prefix asks for them', () => {
  const merged = new Map([...plain(), ...stateDictTensors(other, layout, { prefix: 'swa.' })]);
  const tensors = readSafetensors('w.st', writeSafetensors(merged));
  expect(load(tensors)).toEqual(values);
  expect(load(tensors, 'swa.')).toEqual(other);
  const swag = ['swag.', 'swagVariance.'].flatMap((prefix) => [
    ...stateDictTensors(other, layout, { prefix }),
  ]);
  expect(load(new Map([...plain(), ...swag]))).toEqual(values);
  expect(load(new Map([...plain(), ...swag]), 'swag.')).toEqual(other);
  expect(() => load(tensors, 'ema.')).toThrow('w.st: ema.0.weight, ema.0.bias, ');
  merged.set('swa.9.weight', { dtype: 'F32', shape: [1], data: new Float32Array(1) });
  expect(load(merged)).toEqual(values);
  expect(() => load(merged, 'swa.')).toThrow('w.st: swa.9.weight: unknown name');
});

test('picks one replica of a sweep', () => {
  const sweep = new Map([
    ...stateDictTensors(values, layout, { prefix: 'replica.0.' }),
    ...stateDictTensors(other, layout, { prefix: 'replica.0.swa.' }),
    ...stateDictTensors(other, layout, { prefix: 'replica.10.' }),
  ]);
  expect(load(sweep, 'replica.0.')).toEqual(values);
  expect(load(sweep, 'replica.0.swa.')).toEqual(other);
  expect(load(sweep, 'replica.10.')).toEqual(other);
  expect(() => load(sweep, 'replica.1.')).toThrow('replica.1.0.weight');
  expect(() => load(sweep)).toThrow('w.st: replica.0.0.weight: unknown name, expected 0.weight, 0.bias, ');
  expect(() => load(sweep)).toThrow('; --weights-prefix replica.0. (weights_prefix) finds them');
});

test('reads what AveragedModel.state_dict() holds', () => {
  const count: HostTensor = { dtype: 'I64', shape: [], data: BigInt64Array.of(7n) };
  const averaged = new Map([
    ['n_averaged', count],
    ...stateDictTensors(other, layout, { prefix: 'module.' }),
  ]);
  expect(load(averaged, 'module.')).toEqual(other);
  expect(() => load(averaged)).toThrow('--weights-prefix module. (weights_prefix) finds them');
  expect(load(new Map([...plain(), ['n_averaged', count]]))).toEqual(values);
});

test('leaves alone what is not under the prefix that was asked for', () => {
  const odd: HostTensor = { dtype: 'unread', type: 'F8_E4M3', shape: [2], data: new Uint8Array(0) };
  const tensors = new Map<string, HostTensor>([
    ...stateDictTensors(values, layout, { prefix: 'model.' }),
    ['head.scale', odd],
  ]);
  expect(load(tensors, 'model.')).toEqual(values);
  expect(() => load(new Map([...tensors, ['model.extra', odd]]), 'model.')).toThrow(
    'w.st: model.extra: unknown name',
  );
});

test('a tensor of a type that is not read is refused where it is needed', () => {
  const odd: HostTensor = { dtype: 'unread', type: 'F8_E4M3', shape: [3], data: new Uint8Array(0) };
  expect(() => load(changed('0.bias', odd))).toThrow(
    'w.st: 0.bias: found dtype F8_E4M3, expected floating point (F32)',
  );
});

test('layers go by their names', () => {
  const named = parseModel('m', {
    layers: [
      { type: 'Linear', in_features: 2, out_features: 3, name: 'features.0' },
      { type: 'ReLU', name: 'act' },
      { type: 'BatchNorm1d', num_features: 3, name: 'bn1' },
      { type: 'Linear', in_features: 3, out_features: 1 },
    ],
    loss: 'mse',
  });
  expect(stateDictLayout(named).map(({ name }) => name)).toEqual([
    'features.0.weight',
    'features.0.bias',
    'bn1.weight',
    'bn1.bias',
    'bn1.running_mean',
    'bn1.running_var',
    'bn1.num_batches_tracked',
    '3.weight',
    '3.bias',
  ]);
  expect([...initialStateDict(named, 1).keys()]).toEqual(stateDictLayout(named).map(({ name }) => name));
});

test('reads half and double precision', () => {
  const double: HostTensor = { dtype: 'F64', shape: [3], data: Float64Array.of(0.1, 0.2, 0.3) };
  expect(load(changed('0.bias', double)).get('0.bias')).toEqual(Float32Array.of(0.1, 0.2, 0.3));
});

const bias = (...data: number[]): HostTensor => ({
  dtype: 'F32',
  shape: [data.length],
  data: Float32Array.from(data),
});
test.each<[string, string, HostTensor, string]>([
  ['unknown name', '0.wieght', bias(1), 'w.st: 0.wieght: unknown name, expected 0.weight, 0.bias'],
  ['shape', '0.bias', bias(1, 2), 'w.st: 0.bias: found shape [2], expected [3]'],
  [
    'transposed',
    '0.weight',
    { dtype: 'F32', shape: [2, 3], data: new Float32Array(6) },
    '0.weight: found shape [2, 3], expected [3, 2]',
  ],
  ['NaN', '0.bias', bias(1, Number.NaN, 3), 'w.st: 0.bias: element 1 is NaN'],
  ['infinity', '0.bias', bias(1, 2, Infinity), 'w.st: 0.bias: element 2 is Infinity'],
  [
    'beyond float32',
    '0.bias',
    { dtype: 'F64', shape: [3], data: Float64Array.of(0, 1e300, 0) },
    '0.bias: element 1 is 1e+300, beyond the range of float32',
  ],
  [
    'integers',
    '0.bias',
    { dtype: 'I32', shape: [3], data: new Int32Array(3) },
    '0.bias: found dtype I32, expected floating point',
  ],
  [
    'count as float',
    '1.num_batches_tracked',
    { dtype: 'F32', shape: [], data: new Float32Array(1) },
    'found dtype F32, expected I64',
  ],
  [
    'count in a list',
    '1.num_batches_tracked',
    { dtype: 'I64', shape: [1], data: new BigInt64Array(1) },
    'found shape [1], expected []',
  ],
  [
    'count below 0',
    '1.num_batches_tracked',
    { dtype: 'I64', shape: [], data: BigInt64Array.of(-1n) },
    'is -1, expected a count',
  ],
])('refuses: %s', (_, name, tensor, message) => {
  expect(() => load(changed(name, tensor))).toThrow(message);
});

test('lists all that is missing', () => {
  const tensors = plain();
  tensors.delete('0.bias');
  tensors.delete('1.running_var');
  expect(() => load(tensors)).toThrow('w.st: 0.bias, 1.running_var: missing from the file');
});

test('saving refuses values that are not the layout’s', () => {
  expect(() => stateDictTensors(new Map(), layout)).toThrow(
    'state dict: 0.weight: found no elements, expected [3, 2]',
  );
});

test('a file has a state dict under each average and replica, and none under the variance of SWAG', () => {
  const names = ['0.weight', '0.bias', 'swag.0.weight', 'swagVariance.0.weight', 'lawa.0.weight'];
  expect(stateDictPrefixes(names)).toEqual(['', 'swag.', 'lawa.']);
  const sweep = names.flatMap((name) => [`replica.0.${name}`, `replica.10.${name}`]);
  const under = ['', 'swag.', 'lawa.'].flatMap((average) => [
    `replica.0.${average}`,
    `replica.10.${average}`,
  ]);
  expect(stateDictPrefixes(sweep)).toEqual(under);
});
