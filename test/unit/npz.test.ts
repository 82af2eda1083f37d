import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { readNpy, readNpz } from '../../src/data/npz.ts';

function npy(dict: string, data: ArrayLike<number>, version = 1): Uint8Array {
  const header = new TextEncoder().encode(`${dict}\n`);
  const begin = version === 1 ? 10 : 12;
  const bytes = new Uint8Array(begin + header.length + data.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(bytes.buffer);
  if (version === 1) view.setUint16(8, header.length, true);
  else view.setUint32(8, header.length, true);
  bytes.set(header, begin);
  bytes.set(data, begin + header.length);
  return bytes;
}
const dict = (descr: string, shape: string, fortran = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const zip = (members: Record<string, Uint8Array>, level: 0 | 9 = 9) => zipSync(members, { level });

test.each([1, 2, 3])('reads .npy version %i, stored and deflated', (version) => {
  const member = npy(dict('<f4', '(2, 3)'), floats(1, 2, 3, 4, 5, 6), version);
  for (const level of [0, 9] as const) {
    const tensors = readNpz('d.npz', zip({ 'x.npy': member, 'y.npy': npy(dict('|u1', '(1,)'), [7]) }, level));
    expect([...tensors]).toEqual([
      ['x', { dtype: 'F32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
      ['y', { dtype: 'U8', shape: [1], data: Uint8Array.of(7) }],
    ]);
  }
});

test("reads Node's Buffer, whose slice() is a view", () => {
  const bytes = Buffer.from(zip({ 'x.npy': npy(dict('|u1', '(4,)'), [1, 2, 3, 4]) }, 0));
  expect(readNpz('d.npz', bytes).get('x')?.data).toEqual(Uint8Array.of(1, 2, 3, 4));
});

test('brings Fortran order into C order', () => {
  // [[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[9, 10], [11, 12]]] with the first index running fastest.
  const data = floats(1, 5, 9, 3, 7, 11, 2, 6, 10, 4, 8, 12);
  const { shape, data: values } = readNpy('f', 'x', npy(dict('<f4', '(3, 2, 2)', 'True'), data));
  expect(shape).toEqual([3, 2, 2]);
  expect([...values]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(readNpy('f', 'x', npy(dict('<f4', '(0, 2)', 'True'), [])).data).toHaveLength(0);
});

test('reads scalars and every dtype', () => {
  const read = (descr: string, shape: string, bytes: number[]) =>
    readNpy('f', 'x', npy(dict(descr, shape), bytes));
  expect(read('<f8', '()', [0, 0, 0, 0, 0, 0, 0xf8, 0x3f])).toMatchObject({ dtype: 'F64', shape: [] });
  expect([...read('<f2', '(1,)', [0, 0x3e]).data]).toEqual([1.5]);
  expect([...read('<i8', '(1,)', [5, 0, 0, 0, 0, 0, 0, 0]).data]).toEqual([5n]);
  expect([...read('<i4', '(1,)', [5, 0, 0, 0]).data]).toEqual([5]);
  expect([...read('|i1', '(1,)', [255]).data]).toEqual([-1]);
  expect(read('|b1', '(2,)', [0, 1])).toMatchObject({ dtype: 'BOOL', data: Uint8Array.of(0, 1) });
});

test.each([
  ['Python 2', "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 1L), }", 'F32', [2, 1]],
  ['u strings of Python 2', "{u'descr': u'<f4', u'fortran_order': False, u'shape': (2L,)}", 'F32', [2]],
  ['double quotes', '{"descr": "<f4", "fortran_order": False, "shape": (2,)}', 'F32', [2]],
  ["this machine's order", "{'descr': '=f4', 'fortran_order': False, 'shape': (2,)}", 'F32', [2]],
  ['an order for bytes', "{'shape':(8,),'fortran_order':False,'descr':'<u1'}", 'U8', [8]],
  ['big-endian bytes', "{'descr': '>u1', 'fortran_order': False, 'shape': (8,), }", 'U8', [8]],
  ['unsigned', "{'descr': '<u2', 'fortran_order': False, 'shape': (4,), }", 'U16', [4]],
])('reads a header of %s', (_, header, dtype, shape) => {
  expect(readNpy('f', 'x', npy(header, floats(1, 2)))).toMatchObject({ dtype, shape });
});

test.each([
  ['big-endian', ">f4'", '>f4'],
  ['objects', "|O'", '|O'],
  ['text', "<U10'", '<U10'],
])('keeps arrays of types that are not read: %s', (_, descr, type) => {
  const header = `{'descr': '${descr}, 'fortran_order': False, 'shape': (1,), }`;
  expect(readNpy('d.npz', 'x', npy(header, floats(1)))).toEqual({
    dtype: 'unread',
    type,
    shape: [1],
    data: new Uint8Array(0),
  });
});

test('keeps a structured type by its fields', () => {
  const header = "{'descr': [('a]', '<f4'), ('b', '<i4', (2,))], 'fortran_order': False, 'shape': (1,), }";
  expect(readNpy('d.npz', 'x', npy(header, floats(1)))).toMatchObject({
    dtype: 'unread',
    type: "[('a]', '<f4'), ('b', '<i4', (2,))]",
  });
});

test('leaves alone what is no array, and what macOS puts beside', () => {
  const x = npy(dict('<f4', '(1,)'), floats(1));
  const names = npy(dict('<U3', '(1,)'), new Uint8Array(12));
  const archive = zip({
    'x.npy': x,
    'class_names.npy': names,
    '__MACOSX/._x.npy': floats(9),
    'read.me': floats(9),
  });
  expect([...readNpz('d.npz', archive).keys()]).toEqual(['x', 'class_names']);
});

/** Ends within two seconds of this process, well above what it takes and well below what quadratic time would. */
function quickly(work: () => void): void {
  const begin = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(begin);
  expect((user + system) / 1e6).toBeLessThan(2);
}

test('headers that made the reader hang', () => {
  const spaces = npy(dict('<f4', `(${' '.repeat(60_000)}`), floats(1));
  const digits = npy(dict('<f4', `(${'1 '.repeat(20_000)})`), floats(1));
  const ones = (count: number) => npy(dict('<f4', `(${'1,'.repeat(count)})`, 'True'), floats(1), 2);
  for (const bytes of [spaces, digits]) {
    quickly(() =>
      expect(() => readNpy('d.npz', 'x', bytes)).toThrow("d.npz: x: malformed .npy header \"{'descr'"),
    );
  }
  quickly(() =>
    expect(() => readNpy('d.npz', 'x', ones(1e6))).toThrow(
      'x: header of 2000055 bytes, expected at most 65536',
    ),
  );
  quickly(() =>
    expect(() => readNpy('d.npz', 'x', ones(65))).toThrow('x: shape of 65 dimensions, expected at most 64'),
  );
  quickly(() => expect(readNpy('d.npz', 'x', ones(64)).shape).toHaveLength(64));
});

/** Field offsets of a member's entry in the directory of a zip archive. */
const ENTRY = { packedSize: 20, size: 24, local: 42 };

/** An archive whose directory says something else. */
function lying(bytes: Uint8Array, member: number, field: keyof typeof ENTRY, value: number): Uint8Array {
  const changed = bytes.slice();
  const view = new DataView(changed.buffer);
  let entry = view.getUint32(bytes.length - 22 + 16, true);
  for (let i = 0; i < member; i++) entry += 46 + view.getUint16(entry + 28, true);
  view.setUint32(entry + ENTRY[field], value, true);
  return changed;
}

test('refuses bombs before it unpacks them', () => {
  // Packed a thousand times: as zeros may be, where there are few of them.
  const zeros = npy(dict('|u1', '(8388608,)'), new Uint8Array(2 ** 23));
  const packed = zip({ 'x.npy': zeros });
  expect(zeros.length / packed.length).toBeGreaterThan(900);
  expect(readNpz('d.npz', packed).get('x')?.data).toHaveLength(2 ** 23);
  quickly(() => {
    expect(() => readNpz('d.npz', lying(packed, 0, 'size', 2 ** 26 + 1))).toThrow(
      `d.npz: archive: says that its ${packed.length} bytes unpack to 67108865, expected at most 100 times as many`,
    );
    expect(() => readNpz('d.npz', lying(packed, 0, 'size', 10))).toThrow(
      'd.npz: x.npy: damaged: unpacks to more than the 10 bytes that it says',
    );
    expect(() => readNpz('d.npz', lying(packed, 0, 'size', 2 ** 26))).toThrow('which deflate cannot do');
    expect(() => readNpz('d.npz', lying(packed, 0, 'size', 2 ** 23))).toThrow('d.npz: x.npy: ');
  });
  const two = zip({
    'x.npy': npy(dict('|u1', '(4,)'), [1, 2, 3, 4]),
    'y.npy': npy(dict('|u1', '(1,)'), [1]),
  });
  expect(() => readNpz('d.npz', lying(two, 1, 'local', 0))).toThrow(
    'd.npz: y.npy: begins at byte 0, inside "x.npy"',
  );
});

test.each<[string, Uint8Array, string]>([
  ['no signature', new Uint8Array(20), 'does not begin with the signature'],
  ['cut in the signature', Uint8Array.of(0x93, 0x4e), 'cut short at 2 bytes'],
  ['version', npy(dict('<f4', '(1,)'), floats(1), 4), '.npy version 4'],
  ['cut in the header', npy(dict('<f4', '(1,)'), []).subarray(0, 30), 'header should have'],
  ['cut in the data', npy(dict('<f4', '(2,)'), floats(1)), 'shape [2] of F32 needs 8 bytes, found 4'],
  ['bytes left over', npy(dict('<f4', '(1,)'), floats(1, 2)), 'shape [1] of F32 needs 4 bytes, found 8'],
  ['no dict', npy('hello', []), 'malformed .npy header'],
  ['missing key', npy("{'descr': '<f4', 'shape': (1,), }", floats(1)), 'malformed .npy header'],
  [
    'key twice',
    npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", floats(1)),
    'malformed',
  ],
  ['negative size', npy(dict('<f4', '(-1,)'), floats(1)), 'malformed .npy header'],
])('refuses an array: %s', (_, bytes, message) => {
  expect(() => readNpy('d.npz', 'x', bytes)).toThrow('d.npz: x: ');
  expect(() => readNpy('d.npz', 'x', bytes)).toThrow(message);
});

test('refuses archives that are cut short, damaged or not what they say', () => {
  const good = zip({ 'x.npy': npy(dict('|u1', '(4,)'), [1, 2, 3, 4]) }, 0);
  expect(() => readNpz('d.npz', good.subarray(0, good.length - 1))).toThrow('d.npz: archive: cut short');
  expect(() => readNpz('d.npz', new Uint8Array(10))).toThrow('d.npz: archive: cut short');
  const flipped = good.slice();
  const data = flipped.indexOf(1, 100);
  flipped[data] = 9;
  expect(() => readNpz('d.npz', flipped)).toThrow(/d\.npz: x\.npy: damaged: CRC-32/);
  const deflated = zip({ 'x.npy': npy(dict('|u1', '(4,)'), [1, 2, 3, 4]) });
  expect(() => readNpz('d.npz', deflated.slice().fill(0xff, 40, 60))).toThrow('d.npz: x.npy: ');
});

test('refuses what are no bytes', () => {
  expect(() => readNpz('d.npz', undefined as never)).toThrow(
    'd.npz: bytes: nothing given, expected the bytes of the file in a Uint8Array: readNpz(name, await readFile(path))',
  );
});

test('refuses an archive with one name twice', () => {
  const member = npy(dict('|u1', '(1,)'), [1]);
  const bytes = zip({ 'x.npy': member, 'y.npy': member }, 0);
  for (let i = 0; i < bytes.length; i++)
    if (bytes[i] === 'y'.charCodeAt(0) && bytes[i + 1] === 0x2e) bytes[i] = 120;
  expect(() => readNpz('d.npz', bytes)).toThrow('d.npz: x.npy: occurs twice');
});

test('refuses an archive cut anywhere', () => {
  const good = zip({ 'x.npy': npy(dict('<f4', '(3,)'), floats(1, 2, 3)) });
  for (let length = 0; length < good.length; length++) {
    expect(() => readNpz('d.npz', good.subarray(0, length))).toThrow('d.npz: ');
  }
});
