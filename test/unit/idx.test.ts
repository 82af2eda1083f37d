import zlib from 'node:zlib';
import { gzipSync } from 'fflate';
import { expect, test } from 'vitest';
import { readCifar10 } from '../../src/data/cifar10.ts';
import { crc32 } from '../../src/data/crc32.ts';
import { readIdx } from '../../src/data/idx.ts';

const header = (type: number, ...shape: number[]) => [
  0,
  0,
  type,
  shape.length,
  ...shape.flatMap((n) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]),
];
const images = Uint8Array.from([...header(8, 2, 1, 3), 1, 2, 3, 4, 5, 6]);

test('reads an IDX file, gzipped or not', () => {
  const expected = { shape: [2, 1, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  expect(readIdx('i', images)).toEqual(expected);
  expect(readIdx('i', Buffer.from(images))).toEqual(expected);
  expect(readIdx('i', gzipSync(images))).toEqual(expected);
  expect(readIdx('i', gzipSync(images, { filename: 'train-images' }))).toEqual(expected);
});

test('refuses a gzip bomb before it unpacks it', () => {
  const bomb = new Uint8Array(zlib.gzipSync(new Uint8Array(2 ** 23)));
  const saying = (size: number): Uint8Array => {
    new DataView(bomb.buffer).setUint32(bomb.length - 4, size, true);
    return bomb;
  };
  expect(() => readIdx('i', saying(2 ** 26 + 1))).toThrow(
    `i: gzip: says that its ${bomb.length} bytes unpack to 67108865, expected at most 100 times as many`,
  );
  expect(() => readIdx('i', saying(2 ** 26))).toThrow('which deflate cannot do');
  expect(() => readIdx('i', saying(10))).toThrow(
    'i: gzip: damaged: unpacks to more than the 10 bytes that it says',
  );
});

test.each<[string, Uint8Array, string]>([
  ['empty', new Uint8Array(0), 'i: IDX header: cut short: the file has 0 bytes'],
  [
    'a Git LFS pointer',
    new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\n'),
    'is a Git LFS pointer',
  ],
  ['signature', Uint8Array.of(1, 0, 8, 1, 0, 0, 0, 0), 'IDX header: begins with bytes 1 0'],
  ['floats', Uint8Array.from([...header(13, 1), 0, 0, 0, 0]), 'element type 13, expected unsigned bytes (8)'],
  ['no dimensions', Uint8Array.of(0, 0, 8, 0), 'no dimensions'],
  ['cut in the header', images.subarray(0, 10), 'cut short: 3 dimensions need 16 bytes, the file has 10'],
  ['cut in the data', images.subarray(0, 21), 'IDX data: shape [2, 1, 3] needs 6 bytes, found 5'],
  ['bytes left over', Uint8Array.from([...images, 0]), 'needs 6 bytes, found 7'],
  [
    'huge shape',
    Uint8Array.from(header(8, 0xffffffff, 0xffffffff)),
    'IDX data: shape [4294967295, 4294967295]',
  ],
])('refuses: %s', (_, bytes, message) => {
  expect(() => readIdx('i', bytes)).toThrow(message);
});

test('refuses a gzip file cut anywhere, or damaged', () => {
  const packed = gzipSync(images);
  for (let length = 0; length < packed.length; length++) {
    expect(() => readIdx('i', packed.subarray(0, length))).toThrow('i: ');
  }
  const damaged = packed.slice();
  damaged[damaged.length - 6] = (damaged[damaged.length - 6] as number) ^ 1;
  expect(() => readIdx('i', damaged)).toThrow('i: gzip: damaged: CRC-32 does not match');
});

test('reads CIFAR-10 records', () => {
  const bytes = new Uint8Array(2 * 3073);
  bytes.fill(7, 1, 3073);
  bytes[3073] = 9;
  bytes[6145] = 5;
  const { examples, x, labels } = readCifar10('c.bin', bytes);
  expect(examples).toBe(2);
  expect([...labels]).toEqual([0, 9]);
  expect([x[0], x[3071], x[3072], x[6143]]).toEqual([7, 7, 0, 5]);
});

test('refuses what is no CIFAR-10 batch', () => {
  expect(() => readCifar10('c.bin', new Uint8Array(0))).toThrow('c.bin: records: the file has 0 bytes');
  expect(() => readCifar10('c.bin', new Uint8Array(3072))).toThrow('expected a positive multiple of 3073');
  expect(() => readCifar10('c.bin', new Uint8Array(3073).fill(10))).toThrow('c.bin: record 0: label 10');
});

test('CRC-32 of every length, against one bit at a time', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  for (let length = 0; length < 40; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 89 + length * 31) % 256);
    let expected = 0xffffffff;
    for (const byte of bytes) {
      expected ^= byte;
      for (let bit = 0; bit < 8; bit++)
        expected = expected & 1 ? (expected >>> 1) ^ 0xedb88320 : expected >>> 1;
    }
    expect(crc32(bytes)).toBe(~expected >>> 0);
  }
});
