import { describe, expect, test } from 'vitest';
import { readSafetensorsFile, writeSafetensors } from '../../src/data/safetensors.ts';
import type { AdapterInfo } from '../../src/gpu/device.ts';
import type { HostTensor } from '../../src/host/hostTensor.ts';
import { sha256 } from '../../src/host/sha256.ts';
import { firstDifference } from '../../src/train/firstDifference.ts';
import { ReadingRows } from '../../src/train/readingRows.ts';
import { requireSameContents, requireSameJob, requireSameKernels } from '../../src/train/requireSameRun.ts';
import { runContents } from '../../src/train/runContents.ts';
import { type RunState, readSnapshot, requireShortJob, writeSnapshot } from '../../src/train/snapshot.ts';

const INFO: AdapterInfo = {
  vendor: 'v',
  architecture: 'a',
  device: 'd',
  description: '',
  software: true,
  runtime: 'node',
  engine: 'Dawn 1',
  features: ['subgroups'],
  limits: { maxBufferSize: 1 },
};
const STATE: RunState = {
  step: 7,
  states: new Map<string, HostTensor>([
    ['parameters', { dtype: 'F32', shape: [1, 4], data: Float32Array.of(1, -0, Number.NaN, 4) }],
    ['counters', { dtype: 'U32', shape: [1, 3], data: Uint32Array.of(7, 0, 4_000_000_000) }],
  ]),
  rows: Float32Array.of(0.5, 0.25),
  changes: [{ from: 3, replica: null, rate: 0.1 }],
};
const IDENTITY = {
  job: { seed: 3, replicas: [{ lr: 0.1 }, { lr: 0.2, weights: 'w' }], data: 'a.npz' },
  contents: { data: 'aa', model: 'bb', order: null, weights: ['cc', 'dd'] },
  kernels: { matmul: { 'NN m=1': 'tiles' } },
  warnings: [],
};
const bytes = await writeSnapshot(STATE, IDENTITY, INFO);
const read = (content: Uint8Array, info = INFO) => readSnapshot('run.snapshot', content, info);

/** The file with another header of the same length. */
function withHeader(change: (header: string) => string): Uint8Array {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  const changed = new TextEncoder().encode(change(header));
  expect(changed).toHaveLength(length);
  const copy = bytes.slice();
  copy.set(changed, 8);
  return copy;
}

test('is read as it was written, what is no number too, whatever the features of the adapter', async () => {
  const snapshot = await read(bytes, { ...INFO, features: [] });
  expect(snapshot).toEqual({ ...STATE, ...IDENTITY, file: 'run.snapshot' });
  const { metadata } = readSafetensorsFile('', bytes);
  expect(metadata).toMatchObject({ version: __BASIN_VERSION__, step: '7' });
  expect(JSON.parse(metadata.job!)).toEqual(IDENTITY.job);
  expect(JSON.parse(metadata.kernels!)).toEqual(IDENTITY.kernels);
});

describe('a damaged snapshot is refused, with the file and the reason', () => {
  const refused = async (content: Uint8Array, message: RegExp) =>
    expect(read(content)).rejects.toThrow(
      expect.objectContaining({ name: 'InputError', message: expect.stringMatching(message) }),
    );

  test('cut short anywhere', async () => {
    for (let length = 0; length < bytes.length; length += 1 + (length >> 4)) {
      await refused(bytes.subarray(0, length), /^run\.snapshot: /);
    }
    await refused(bytes.subarray(0, bytes.length - 1), /^run\.snapshot: \w+: .*cut short/);
  });

  test('a byte of it changed anywhere', async () => {
    for (let at = 0; at < bytes.length; at += 3) {
      const changed = bytes.slice();
      changed[at]! ^= 1;
      await refused(changed, /^run\.snapshot: /);
    }
  });

  test('a tensor, by its name; what it says of itself', async () => {
    const changed = bytes.slice();
    changed[bytes.length - 1]! ^= 0x40;
    await refused(changed, /^run\.snapshot: readings: does not hold what was written .*damaged/);
    await refused(
      withHeader((header) => header.replace('"step":"7"', '"step":"8"')),
      /^run\.snapshot: __metadata__: does not hold what was written .*damaged/,
    );
  });

  test('a tensor that is gone', async () => {
    const { tensors, metadata } = readSafetensorsFile('', bytes);
    tensors.delete('parameters');
    await refused(writeSafetensors(tensors, metadata), /^run\.snapshot: parameters: missing/);
  });

  test('a file of weights, and none at all', async () => {
    await refused(writeSafetensors(STATE.states), /^run\.snapshot: __metadata__: .*no snapshot of a run/);
    await refused(new TextEncoder().encode('{"job": {}}'), /^run\.snapshot: header: /);
  });
});

test('one of another version is refused by name, one of another adapter is told, for good', async () => {
  const here = readSafetensorsFile('', bytes);
  const { checksum: _, ...rest }: Record<string, string> = { ...here.metadata, version: '0.0.1' };
  const older = { ...rest, checksum: await sha256(JSON.stringify(rest)) };
  await expect(read(writeSafetensors(here.tensors, older))).rejects.toThrow(
    `run.snapshot: version: is of basin 0.0.1, this is ${__BASIN_VERSION__}`,
  );
  const other = { ...INFO, engine: 'Dawn 2' };
  const { warnings } = await read(bytes, other);
  expect(warnings).toEqual([
    expect.stringMatching(/^run\.snapshot was written by another adapter: engine \(Dawn 1, this is Dawn 2\)/),
  ]);
  const later = await writeSnapshot(STATE, { ...IDENTITY, warnings }, other);
  expect((await read(later, other)).warnings).toEqual(warnings);
});

test('the first key that differs between two jobs', async () => {
  const snapshot = await read(bytes);
  const { job } = IDENTITY;
  const differing = (given: object) => () => requireSameJob(snapshot, given as typeof job);
  expect(differing(job)).not.toThrow();
  expect(differing({ ...job, seed: 4 })).toThrow(/^run\.snapshot: seed: is 3 in the snapshot's job, and 4/);
  expect(differing({ ...job, replicas: [{ lr: 0.1 }] })).toThrow(/: replicas\.1: is \{.*\} .* nothing in/);
  expect(differing({ ...job, replicas: [{ lr: 0.1 }, { lr: 0.3, weights: 'w' }] })).toThrow(
    /replicas\.1\.lr:/,
  );
  expect(differing({ ...job, more: true })).toThrow(/: more: is nothing in the snapshot's job, and true/);
  expect(firstDifference({ a: [] }, { a: {} })).toEqual({ path: 'a', a: [], b: {} });
  expect(firstDifference({ a: { b: null } }, { a: { b: null } })).toBeNull();
  // What a job does not say is not there.
  expect(differing({ ...job, order: undefined })).not.toThrow();
});

test('what files hold, and the key by which a description gives them', async () => {
  const snapshot = await read(bytes);
  const { job, contents } = IDENTITY;
  const differing =
    (changes: object, by: object = job) =>
    () =>
      requireSameContents(snapshot, { ...contents, ...changes }, by as typeof job);
  expect(differing({})).not.toThrow();
  expect(differing({ data: 'x' })).toThrow(
    /^run\.snapshot: data: "a\.npz" does not hold what the snapshot's/,
  );
  expect(differing({ data: 'x', model: 'y' }, { ...job, data: 'b.npz' })).toThrow(
    /: data: "b\.npz", in the snapshot's job "a\.npz", does not hold/,
  );
  expect(differing({ weights: ['cc', 'x'] })).toThrow(/: replicas\.1\.weights: "w" does not hold/);
  expect(differing({ weights: ['x', 'dd'] })).toThrow(/: weights: /);
  expect(differing({ order: 'x' })).toThrow(/: order: /);
  const kernels = (name: string) => () => requireSameKernels(snapshot, { matmul: { 'NN m=1': name } });
  expect(kernels('tiles')).not.toThrow();
  expect(kernels('quads')).toThrow(/: kernels\.matmul\.NN m=1: the snapshot's run took "tiles", not "quads"/);
});

test('contents are told apart by every number of them, and not by names', async () => {
  const labels = Uint32Array.of(0, 1);
  const dataset = {
    name: 'one',
    x: Float32Array.of(1, 2),
    exampleShape: [1],
    examples: 2,
    targets: { kind: 'classes' as const, labels, classes: 2 },
  };
  const weights = new Map([['0.weight', Float32Array.of(1, 2)]]);
  const replica = { seed: 1, settings: {} as never, rates: new Float32Array(0), weights };
  const of = (changes: object) =>
    runContents({ model: { layers: [], loss: 'mse' }, dataset, replicas: [replica], ...changes } as never);
  const first = await of({});
  expect(await of({ dataset: { ...dataset, name: 'two' } })).toEqual(first);
  const others = await Promise.all(
    [
      { dataset: { ...dataset, x: Float32Array.of(1, 3) } },
      { dataset: { ...dataset, x: new Uint8Array(dataset.x.buffer) } },
      { dataset: { ...dataset, targets: { ...dataset.targets, labels: Uint32Array.of(1, 1) } } },
      { dataset: { ...dataset, test: dataset } },
      { dataset: { ...dataset, test: { ...dataset, x: Float32Array.of(1, 3) } } },
      { model: { layers: [], loss: 'cross_entropy' } },
      { order: Uint32Array.of(0) },
      { order: Uint32Array.of(1) },
      { replicas: [replica, replica] },
      { replicas: [{ ...replica, weights: new Map([['0.bias', Float32Array.of(1, 2)]]) }] },
      { replicas: [{ ...replica, weights: new Map([['0.weight', Float32Array.of(1, 4)]]) }] },
    ].map(of),
  );
  expect(new Set([first, ...others].map((each) => JSON.stringify(each))).size).toBe(12);
});

test('rows grow as they come', () => {
  const rows = new ReadingRows();
  const all: number[] = [];
  for (let n = 0; n < 400; n++) {
    const values = Float32Array.from({ length: n % 13 }, (_, i) => n + i);
    rows.push(values);
    all.push(...values);
  }
  expect(Array.from(rows.all())).toEqual(all);
});

test('a description that no header holds is refused before the run', () => {
  expect(() => requireShortJob('train.json', { data: 'x'.repeat(2 ** 25) })).toThrow(
    /train\.json: snapshot: holds the run's description, which has 33554443 characters, expected at most/,
  );
  expect(() => requireShortJob('train.json', { data: 'x'.repeat(1000) })).not.toThrow();
});
