import { expect, test } from 'vitest';
import {
  readSafetensors,
  readSafetensorsFile,
  requireFinite,
  writeSafetensors,
} from '../../src/data/safetensors.ts';
import type { HostTensor } from '../../src/host/hostTensor.ts';
import { InputError } from '../../src/host/inputError.ts';

/** A file from a header, verbatim, and so many bytes of data. */
function file(header: unknown, data: Uint8Array | number, headerLength?: number): Uint8Array {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const content = typeof data === 'number' ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + json.length + content.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength ?? json.length), true);
  bytes.set(json, 8);
  bytes.set(content, 8 + json.length);
  return bytes;
}
const entry = (dtype: string, shape: unknown, begin: unknown, end: unknown) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});
const read = (bytes: Uint8Array) => readSafetensors('w.safetensors', bytes);

const tensors = new Map<string, HostTensor>([
  ['0.bias', { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) }],
  ['10', { dtype: 'F32', shape: [2, 1], data: Float32Array.of(1.5, -0) }],
  ['2', { dtype: 'I64', shape: [], data: BigInt64Array.of(-7n) }],
  ['é "quoted"', { dtype: 'I32', shape: [0, 4], data: new Int32Array(0) }],
]);

test('reads what it wrote', () => {
  const bytes = writeSafetensors(tensors, { format: 'pt' });
  expect(new Map([...read(bytes)].sort())).toEqual(new Map([...tensors].sort()));
  const headerLength = new DataView(bytes.buffer).getUint32(0, true);
  expect(headerLength % 8).toBe(0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerLength)));
  expect(header.__metadata__).toEqual({ format: 'pt' });
});

test('reads what a file says of itself, and integers without a sign', () => {
  const tensors = new Map([
    ['n', { dtype: 'U32' as const, shape: [2], data: Uint32Array.of(1, 4294967295) }],
  ]);
  const bytes = writeSafetensors(tensors, { job: '{"a": 1}', step: '7' });
  expect(readSafetensorsFile('f', bytes)).toEqual({ tensors, metadata: { job: '{"a": 1}', step: '7' } });
  expect(readSafetensorsFile('f', writeSafetensors(tensors)).metadata).toEqual({});
});

test('reads from the middle of a larger buffer, whatever its alignment', () => {
  const bytes = writeSafetensors(tensors);
  const larger = new Uint8Array(bytes.length + 3);
  larger.set(bytes, 3);
  expect(read(larger.subarray(3)).get('10')?.data).toEqual(Float32Array.of(1.5, -0));
});

test("reads Node's Buffer, whose slice() is a view", () => {
  const bytes = Buffer.from(writeSafetensors(tensors));
  const tensor = read(bytes).get('10');
  expect(tensor?.data).toEqual(Float32Array.of(1.5, -0));
  bytes.fill(0);
  expect(tensor?.data).toEqual(Float32Array.of(1.5, -0));
});

test('lists tensors by offset, wide elements first', () => {
  expect([...read(writeSafetensors(tensors)).keys()]).toEqual(['2', '10', 'é "quoted"', '0.bias']);
});

test('decodes every dtype', () => {
  const decode = (dtype: string, ...bytes: number[]) => {
    const size = { F64: 8, I64: 8, F32: 4, I32: 4, F16: 2, BF16: 2, I16: 2 }[dtype] ?? 1;
    const header = { t: entry(dtype, [bytes.length / size], 0, bytes.length) };
    return [...(read(file(header, Uint8Array.from(bytes))).get('t')?.data ?? [])];
  };
  expect(decode('F64', 0, 0, 0, 0, 0, 0, 0xf8, 0x3f)).toEqual([1.5]);
  expect(decode('F32', 0, 0, 0xc0, 0x3f)).toEqual([1.5]);
  expect(decode('BF16', 0xc0, 0x3f)).toEqual([1.5]);
  expect(decode('F16', 0, 0x3e, 0, 0xbc, 1, 0, 0xff, 0x7b)).toEqual([1.5, -1, 2 ** -24, 65504]);
  expect(decode('F16', 0, 0x7c, 0, 0xfc, 1, 0x7c, 0, 0x80)).toEqual([Infinity, -Infinity, Number.NaN, -0]);
  expect(decode('I64', 254, 255, 255, 255, 255, 255, 255, 255)).toEqual([-2n]);
  expect(decode('I32', 254, 255, 255, 255)).toEqual([-2]);
  expect(decode('I16', 254, 255)).toEqual([-2]);
  expect(decode('I8', 254)).toEqual([-2]);
  expect(decode('U8', 254)).toEqual([254]);
  expect(decode('BOOL', 0, 1)).toEqual([0, 1]);
  expect(() => decode('BOOL', 0, 2)).toThrow('w.safetensors: t: element 1 is 2, expected a BOOL of 0 or 1');
});

test('keeps tensors of types that are not read, without their elements', () => {
  const header = {
    a: entry('F32', [2], 0, 8),
    b: entry('F8_E4M3', [2, 2], 8, 12),
    c: entry('F4', [4], 12, 14),
  };
  const tensors = read(file(header, 14));
  expect(tensors.get('a')?.data).toHaveLength(2);
  expect(tensors.get('b')).toEqual({
    dtype: 'unread',
    type: 'F8_E4M3',
    shape: [2, 2],
    data: new Uint8Array(0),
  });
  expect(tensors.get('c')).toMatchObject({ dtype: 'unread', type: 'F4' });
  expect(() => read(file({ b: entry('F8_E4M3', [2], 0, 3) }, 3))).toThrow(
    'b: shape [2] of F8_E4M3 needs 2 bytes',
  );
});

test('reads unsigned integers', () => {
  const header = { a: entry('U64', [1], 0, 8), b: entry('U32', [1], 8, 12), c: entry('U16', [1], 12, 14) };
  const tensors = read(file(header, new Uint8Array(14).fill(255)));
  expect(['a', 'b', 'c'].map((name) => tensors.get(name)!.data[0])).toEqual([
    2n ** 64n - 1n,
    2 ** 32 - 1,
    65535,
  ]);
});

test.each([
  [
    'a .pth',
    'PK\x03\x04\x14\0\0\x08 archive/data.pkl',
    'is a zip archive; expected safetensors, as safetensors.torch',
  ],
  [
    'a Git LFS pointer',
    'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a',
    'is a Git LFS pointer, not the file itself',
  ],
  ['a web page', '<!DOCTYPE html><html lang="en">', 'is a web page'],
])('recognises %s', (_, text, message) => {
  expect(() => read(Uint8Array.from(text, (c) => c.charCodeAt(0)))).toThrow(
    `w.safetensors: header: ${message}`,
  );
});

test('a pickle is recognised', () => {
  const bytes = new Uint8Array(100);
  bytes.set([0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20]);
  expect(() => read(bytes)).toThrow('w.safetensors: header: is a Python pickle');
});

test('metadata of 16 MB, names of 1 MB and deep nesting end soon, with a short message', () => {
  const metadata = `{"__metadata__":{"a":"${'\\"'.repeat(8e6)}"}}`;
  expect(read(file(metadata, 0)).size).toBe(0);
  const message = (bytes: Uint8Array): string => {
    try {
      read(bytes);
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };
  const deep = '['.repeat(1e5) + ']'.repeat(1e5);
  expect(message(file(`{"a":${deep}}`, 0))).toBe(
    'w.safetensors: header: is nested more than 100 levels deep',
  );
  const shape = message(file(`{"a":{"dtype":"F32","shape":[${'1,'.repeat(1e6)}1],"data_offsets":[0,4]}}`, 4));
  expect(shape).toBe('w.safetensors: a: shape of 1000001 dimensions, expected at most 64');
  const nested = message(
    file(`{"a":{"dtype":"F32","shape":${'['.repeat(90)}${']'.repeat(90)},"data_offsets":[0,4]}}`, 4),
  );
  expect(nested).toBe('w.safetensors: a: shape [[[[…]]]], expected a list of integers of at least 0');
  const long = message(file({ ['n'.repeat(1e6)]: entry('F32', [3], 0, 8) }, 8));
  expect(long.length).toBeLessThan(2000);
  expect(message(file({ 'a\u001b[31m': entry('F32', [3], 0, 8) }, 8))).toContain(
    'w.safetensors: a\\u001b[31m: shape [3]',
  );
});

const a = entry('F32', [2], 0, 8);
test.each<[string, Uint8Array, string]>([
  ['empty file', new Uint8Array(0), 'header: cut short: the file has 0 bytes'],
  ['seven bytes', new Uint8Array(7), 'header: cut short: the file has 7 bytes'],
  ['header past the end', file({ a }, 8, 1000), 'header: should have 1000 bytes, but only'],
  ['header length beyond 2^53', file({ a }, 8, 2 ** 60), 'header: should have'],
  ['header no JSON', file('{"a": ', 0), 'header: is not JSON'],
  ['header no UTF-8', file({ a }, 8).fill(0xff, 8, 20), 'header: is not JSON'],
  ['empty header', file('', 0), 'header: is not JSON'],
  ['header a list', file([a], 8), 'header: is not a JSON object'],
  ['header cut short', file({ a }, 8, 10), 'header: is not JSON'],
  [
    'data cut short',
    file({ a }, 7),
    'a: data_offsets [0, 8] reach outside the file, which has 7 bytes of data',
  ],
  ['no data', file({ a }, 0), 'a: data_offsets [0, 8] reach outside the file'],
  ['bytes left over', file({ a }, 9), 'data: 1 bytes after "a" belong to no tensor'],
  ['bytes but no tensors', file({}, 4), 'data: 4 bytes after the header belong to no tensor'],
  ['offsets far outside', file({ a: entry('U8', [4], 2 ** 40, 2 ** 40 + 4) }, 4), 'a: data_offsets'],
  [
    'overlap',
    file({ a, b: entry('F32', [2], 4, 12) }, 12),
    'b: begins at byte 4, overlapping "a", which ends at 8',
  ],
  ['one range twice', file({ a, b: a }, 8), 'b: begins at byte 0, overlapping "a"'],
  [
    'hole',
    file({ a, b: entry('F32', [1], 12, 16) }, 16),
    'b: begins at byte 12, leaving a hole after "a", which ends at 8',
  ],
  [
    'hole at the start',
    file({ a: entry('F32', [1], 4, 8) }, 8),
    'a: begins at byte 4, leaving a hole after the header',
  ],
  [
    'unknown dtype',
    file({ a: entry('F128', [8], 0, 8) }, 8),
    'a: unknown dtype "F128", expected one of F64, F32',
  ],
  ['inherited dtype', file({ a: entry('toString', [8], 0, 8) }, 8), 'a: unknown dtype "toString"'],
  [
    'shape too large',
    file({ a: entry('F32', [3], 0, 8) }, 8),
    'a: shape [3] of F32 needs 12 bytes, data_offsets hold 8',
  ],
  [
    'shape too small',
    file({ a: entry('F32', [1], 0, 8) }, 8),
    'a: shape [1] of F32 needs 4 bytes, data_offsets hold 8',
  ],
  ['negative size', file({ a: entry('F32', [-2], 0, 8) }, 8), 'a: shape [-2], expected a list of integers'],
  ['fraction', file({ a: entry('F32', [0.5, 4], 0, 8) }, 8), 'a: shape [0.5,4], expected a list of integers'],
  ['shape no list', file({ a: entry('F32', 2, 0, 8) }, 8), 'a: shape 2, expected a list of integers'],
  [
    'offsets backwards',
    file({ a: entry('F32', [2], 8, 0) }, 8),
    'a: data_offsets [8,0], expected [begin, end]',
  ],
  [
    'negative offset',
    file({ a: entry('F32', [2], -8, 0) }, 8),
    'a: data_offsets [-8,0], expected [begin, end]',
  ],
  ['three offsets', file({ a: { dtype: 'U8', shape: [1], data_offsets: [0, 1, 1] } }, 1), 'a: data_offsets'],
  ['no dtype', file({ a: { shape: [2], data_offsets: [0, 8] } }, 8), 'a: unknown dtype nothing'],
  ['no shape', file({ a: { dtype: 'F32', data_offsets: [0, 8] } }, 8), 'a: shape nothing'],
  ['unknown key', file({ a: { ...a, strides: [1] } }, 8), 'a: unknown key "strides"'],
  ['entry no object', file({ a: [0, 8] }, 8), 'a: expected an object with dtype, shape and data_offsets'],
  [
    'name twice',
    file(`{"a":${JSON.stringify(a)},"\\u0061":${JSON.stringify(a)}}`, 8),
    'a: occurs twice in the header',
  ],
  [
    'key twice',
    file('{"a":{"dtype":"F32","shape":[2],"shape":[1],"data_offsets":[0,4]}}', 4),
    'shape: occurs twice',
  ],
  [
    'metadata no strings',
    file({ __metadata__: { n: 1 }, a }, 8),
    '__metadata__: expected an object of strings',
  ],
])('refuses: %s', (_, bytes, message) => {
  expect(() => read(bytes)).toThrow(`w.safetensors: ${message}`);
});

test('a name such as __proto__ is a name like any other', () => {
  const bytes = file('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', Uint8Array.of(9));
  expect([...read(bytes)]).toEqual([['__proto__', { dtype: 'U8', shape: [1], data: Uint8Array.of(9) }]]);
});

test('requireFinite names file, tensor and the first element', () => {
  const tensor = (...values: number[]): HostTensor => ({
    dtype: 'F32',
    shape: [values.length],
    data: Float32Array.from(values),
  });
  expect(() => requireFinite('f', 't', tensor(1, 2))).not.toThrow();
  expect(() => requireFinite('f', 't', tensor(1, Number.NaN, Infinity))).toThrow(
    'f: t: element 1 is NaN, expected a finite number',
  );
  expect(() => requireFinite('f', 't', tensor(-Infinity))).toThrow('f: t: element 0 is -Infinity');
});

test('writing refuses data that is not its shape or dtype', () => {
  const write = (tensor: HostTensor) => writeSafetensors(new Map([['t', tensor]]));
  expect(() => write({ dtype: 'F32', shape: [3], data: new Float32Array(2) })).toThrow(TypeError);
  expect(() => write({ dtype: 'F32', shape: [2], data: new Int32Array(2) })).toThrow(TypeError);
  expect(() => write({ dtype: 'F16', shape: [2], data: new Float32Array(2) })).toThrow(TypeError);
});

test.each<[unknown, string]>([
  [
    undefined,
    'w.st: bytes: nothing given, expected the bytes of the file in a Uint8Array: readSafetensors(name, ',
  ],
  [new ArrayBuffer(8), 'w.st: bytes: an ArrayBuffer given'],
  [Promise.resolve(new Uint8Array(8)), 'w.st: bytes: is a Promise: await it'],
])('refuses what are no bytes: %s', (given, message) => {
  expect(() => readSafetensors('w.st', given as never)).toThrow(InputError);
  expect(() => readSafetensors('w.st', given as never)).toThrow(message);
});
