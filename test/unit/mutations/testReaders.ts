import fc from 'fast-check';
import { gzipSync, zipSync } from 'fflate';
import { afterAll, expect, test } from 'vitest';
import { agreementText } from '../../../src/cli/reproduction/claimsText.ts';
import { parseResults } from '../../../src/cli/reproduction/parseResults.ts';
import { readCifar10 } from '../../../src/data/cifar10.ts';
import { datasetFromTensors } from '../../../src/data/dataset.ts';
import { readIdx } from '../../../src/data/idx.ts';
import { readNpz } from '../../../src/data/npz.ts';
import { orderTable } from '../../../src/data/order.ts';
import { readSafetensors, writeSafetensors } from '../../../src/data/safetensors.ts';
import type { Experiment } from '../../../src/experiments/experiment.ts';
import { type CellDefinition, readKept } from '../../../src/experiments/keptCell.ts';
import { agreement } from '../../../src/experiments/reproduction/agreement.ts';
import type { AdapterInfo } from '../../../src/gpu/device.ts';
import type { HostTensor } from '../../../src/host/hostTensor.ts';
import { elementCount } from '../../../src/host/hostTensor.ts';
import { InputError } from '../../../src/host/inputError.ts';
import { parseJson } from '../../../src/host/parseJson.ts';
import { parseTrainSpec } from '../../../src/jobs/trainSpec.ts';
import { parseModel, stateDictLayout } from '../../../src/nn/modelSpec.ts';
import { loadStateDict } from '../../../src/nn/stateDict.ts';
import type { RunChange } from '../../../src/train/runChange.ts';
import { readSnapshot, writeSnapshot } from '../../../src/train/snapshot.ts';
import { toy } from '../toyExperiment.ts';
import { applyEdits, type Edit, edits } from './edits.ts';

/** Of any of the mutations; fast-check prints it with what fails. */
const SEED = Number(process.env.BASIN_SEED ?? Date.now() % 2 ** 31);
/** Milliseconds of this process for one file of some kilobytes; none takes 20. */
const MOST_TIME = 1000;
/** Bytes that one such file may take, of arrays and objects together: none declares more than some kilobytes. */
const MOST_MEMORY = 2 ** 26;

const FILE = 'given file';

/** What was done with all mutated files, and the most that one took: milliseconds of this process, bytes. */
const seen = { taken: 0, refused: 0, time: 0, memory: 0 };

/** What a reader may do with bytes that nobody made on purpose: take them or refuse them by name, soon and with little memory. */
async function readsSafely<T>(read: () => T | Promise<T>): Promise<{ readonly taken: T } | null> {
  const memory = (): number => {
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    return arrayBuffers + heapUsed;
  };
  const before = memory();
  const begin = process.cpuUsage();
  let found: { readonly taken: T } | null = null;
  try {
    found = { taken: await read() };
    seen.taken++;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    seen.refused++;
    const { message } = error;
    if (!message.startsWith(`${FILE}: `) && !message.startsWith('train.json: ')) {
      throw new Error(`names no file: ${message}`);
    }
    if (message.length >= 6000) throw new Error(`a message of ${message.length} characters`);
    if (/[\p{Cc}\p{Cf}]/u.test(message)) throw new Error(`control characters in ${JSON.stringify(message)}`);
  }
  const { user, system } = process.cpuUsage(begin);
  const [time, taken] = [(user + system) / 1000, memory() - before];
  seen.time = Math.max(seen.time, time);
  seen.memory = Math.max(seen.memory, taken);
  if (time >= MOST_TIME) throw new Error(`took ${time} ms of the processor`);
  if (taken >= MOST_MEMORY) throw new Error(`took ${taken} bytes`);
  return found;
}

/** A kind of file, and how it is read. */
interface Reader {
  readonly name: string;
  /** Makes a file of which an inner part is changed before the whole is put together. */
  make(inner: (part: Uint8Array) => Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** @returns the numbers that were read */
  read(bytes: Uint8Array): unknown;
  /** Whether checksums guard the numbers: what is taken, though changed after it was put together, is as it was. */
  readonly sealed?: boolean;
}

const READERS: Reader[] = [];

function mutations(name: string, make: Reader['make'], read: Reader['read'], { sealed = false } = {}): void {
  READERS.push({ name, make, read, sealed });
}

/** Arrays by name, as they compare. */
function numbersOf(tensors: ReadonlyMap<string, HostTensor>): string[] {
  return [...tensors.values()].map((tensor) =>
    tensor.dtype === 'unread' ? 'unread' : `${tensor.dtype} ${tensor.shape}: ${[...tensor.data].join()}`,
  );
}

function checkTensors(tensors: ReadonlyMap<string, HostTensor>): void {
  for (const tensor of tensors.values()) {
    if (tensor.dtype !== 'unread') expect(tensor.data.length).toBe(elementCount(tensor.shape));
  }
}

const data = new Map<string, HostTensor>([
  ['x', { dtype: 'F32', shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
  ['y', { dtype: 'I64', shape: [3], data: BigInt64Array.of(0n, 1n, 2n) }],
  ['order', { dtype: 'I32', shape: [2, 2], data: Int32Array.of(0, 1, 2, 0) }],
]);

/** A safetensors file whose header is changed and its length told anew. */
function withHeader(bytes: Uint8Array, inner: (part: Uint8Array) => Uint8Array): Uint8Array {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = inner(bytes.slice(8, 8 + length));
  const result = new Uint8Array(8 + header.length + bytes.length - 8 - length);
  new DataView(result.buffer).setBigUint64(0, BigInt(header.length), true);
  result.set(header, 8);
  result.set(bytes.subarray(8 + length), 8 + header.length);
  return result;
}

mutations(
  'safetensors data',
  (inner) => withHeader(writeSafetensors(data, { format: 'pt' }), inner),
  (bytes) => {
    const tensors = readSafetensors(FILE, bytes);
    checkTensors(tensors);
    expect(datasetFromTensors(FILE, tensors).examples).toBe(tensors.get('x')!.shape[0]);
    orderTable(FILE, tensors, { steps: 2, batchSize: 2, examples: 3 });
  },
);

const MODEL = JSON.stringify({
  layers: [
    { type: 'Conv2d', in_channels: 1, out_channels: 2, kernel_size: [2, 2], name: 'conv1' },
    { type: 'BatchNorm2d', num_features: 2 },
    { type: 'GELU', approximate: 'tanh' },
    { type: 'LayerNorm', normalized_shape: [2, 2] },
    { type: 'Flatten' },
    { type: 'Linear', in_features: 8, out_features: 3, bias: false },
  ],
  loss: 'cross_entropy',
});
const layout = stateDictLayout(parseModel('m', MODEL));
const weights = new Map(
  layout.map(({ name, shape, dtype }): [string, HostTensor] => {
    const length = elementCount(shape);
    return dtype === 'I64'
      ? [name, { dtype, shape, data: new BigInt64Array(length) }]
      : [name, { dtype, shape, data: new Float32Array(length).fill(0.5) }];
  }),
);

mutations(
  'a state dict',
  (inner) => withHeader(writeSafetensors(weights), inner),
  (bytes) => {
    const tensors = readSafetensors(FILE, bytes);
    expect(
      [...loadStateDict(FILE, tensors, layout).values()].every((values) => values.every(Number.isFinite)),
    ).toBe(true);
  },
);

/** A .npy array whose header is changed and its length told anew. */
function npy(header: string, content: Uint8Array, inner: (part: Uint8Array) => Uint8Array): Uint8Array {
  const text = inner(new TextEncoder().encode(`${header}\n`));
  const bytes = new Uint8Array(12 + text.length + content.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 2, 0]);
  new DataView(bytes.buffer).setUint32(8, text.length, true);
  bytes.set(text, 12);
  bytes.set(content, 12 + text.length);
  return bytes;
}

for (const level of [0, 9] as const) {
  mutations(
    `npz, ${level === 0 ? 'stored' : 'deflated'}`,
    (inner) => {
      const floats = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
      const x = npy("{'descr': '<f4', 'fortran_order': True, 'shape': (3, 2), }", floats, inner);
      const y = npy(
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }",
        Uint8Array.of(0, 1, 2),
        inner,
      );
      return zipSync({ 'x.npy': x, 'y.npy': y, 'notes.txt': y }, { level });
    },
    (bytes) => {
      const tensors = readNpz(FILE, bytes);
      checkTensors(tensors);
      datasetFromTensors(FILE, tensors);
      return numbersOf(tensors);
    },
    { sealed: true },
  );
}

mutations(
  'gzipped IDX',
  (inner) => {
    const images = Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, ...Array(12).keys()]);
    return gzipSync(inner(images), { mtime: 0, filename: 'i' });
  },
  (bytes) => {
    const { shape, data } = readIdx(FILE, bytes);
    expect(data.length).toBe(elementCount(shape));
    return [`${shape}: ${data.join()}`];
  },
  { sealed: true },
);

mutations(
  'CIFAR-10',
  (inner) => inner(new Uint8Array(2 * 3073).fill(7)),
  (bytes) => {
    expect(readCifar10(FILE, bytes).labels.every((label) => label < 10)).toBe(true);
  },
);

mutations(
  'model.json',
  (inner) => inner(new TextEncoder().encode(MODEL)),
  (bytes) => {
    stateDictLayout(parseModel(FILE, bytes));
  },
);

mutations(
  'train.json',
  (inner) => {
    const spec = {
      model: JSON.parse(MODEL),
      data: 'mnist',
      replicas: [{ seed: 3, lr: 0.1 }],
      optimizer: { type: 'sgd', lr: 0.1, momentum: 0.9 },
      lr_schedule: { type: 'table', values: [0.1, 0.2] },
      averaging: { type: 'swa', start: 2 },
      batch_schedule: [{ from_step: 0, batch_size: 4 }],
    };
    return inner(new TextEncoder().encode(JSON.stringify(spec)));
  },
  (bytes) => {
    parseTrainSpec(parseJson(FILE, 'JSON', bytes));
  },
);

const CELL: CellDefinition = {
  experiment: 'toy',
  version: 1,
  preset: 'quick',
  seed: 0,
  cell: { seed: 0, tosses: 10, bias: 0.5 },
  files: {},
  adapter: { vendor: 'v', architecture: 'a', device: 'd', description: 'e' },
  choices: {},
};

const ADAPTER = { vendor: 'v', architecture: 'a', device: 'd', description: 'e' } as AdapterInfo;

/** A snapshot whose description and changes are changed before its checksums are made: by someone who knows how. */
async function snapshotWith(inner: (part: Uint8Array) => Uint8Array): Promise<Uint8Array> {
  const told = {
    step: 3,
    changes: [
      { from: 1, replica: null, rate: 0.1 },
      { from: 2, batchSize: 8 },
    ],
    job: { data: 'd', steps: 5, snapshot: { file: 'f', every: 1 } },
    contents: { data: 'a', model: 'b', order: null, weights: ['c'] },
    kernels: { matmul: { 'm=4': 'small' } },
    warnings: ['w'],
  };
  const text = new TextDecoder().decode(inner(new TextEncoder().encode(JSON.stringify(told))));
  let changed: Partial<typeof told>;
  try {
    changed = JSON.parse(text) as typeof told;
  } catch {
    changed = {};
  }
  const { step, changes, ...identity } = { ...told, ...changed };
  const states = new Map<string, HostTensor>([
    ['counters', { dtype: 'U32', shape: [1], data: Uint32Array.of(3) }],
    ['parameters', { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
  ]);
  const rows = Float32Array.of(0.5, 0.25, 0.125);
  return writeSnapshot({ step, states, rows, changes: changes as unknown as RunChange[] }, identity, ADAPTER);
}

mutations(
  'a snapshot',
  snapshotWith,
  async (bytes) => {
    const { states, rows, step, changes, warnings, job } = await readSnapshot(FILE, bytes, ADAPTER);
    expect(step).toBeGreaterThanOrEqual(0);
    for (const { from } of changes) expect(from).toBeGreaterThanOrEqual(0);
    checkTensors(states);
    return [...numbersOf(states), rows.join(), JSON.stringify([step, changes, warnings, job])];
  },
  { sealed: true },
);

mutations(
  'a cell of an experiment',
  (inner) => {
    const cell = { ...CELL, kernels: { matmul: { 'm=4': 'small' } }, seconds: 2, evidence: { mean: 0.5 } };
    return inner(new TextEncoder().encode(JSON.stringify(cell)));
  },
  (bytes) => {
    const { evidence, kernels } = readKept(toy as unknown as Experiment, FILE, CELL, bytes);
    expect(Number.isFinite((evidence as { mean: number }).mean)).toBe(true);
    expect(
      Object.values(kernels)
        .flatMap(Object.values)
        .every((name) => typeof name === 'string'),
    ).toBe(true);
  },
);

mutations(
  'a results.json',
  (inner) => {
    const interval = [0, null];
    const statistic = { name: 's', estimate: 1, interval, margin: null, units: 12, p: 0.01 };
    const claim = { id: 'c', version: 1, verdict: 'reproduced', statistic, protocol: { seed: 1, n: [1, 2] } };
    const claims = [claim, { ...claim, id: 'e', verdict: 'inconclusive', statistic: null }];
    return inner(new TextEncoder().encode(JSON.stringify({ preset: 'quick', claims })));
  },
  (bytes) => {
    const claims = parseResults(FILE, bytes);
    agreementText(agreement(claims, claims));
  },
);

/** How many keys a text that is JSON gives. */
function keysOf(json: string): number {
  return json.match(/"(?:[^"\\]|\\.)*"\s*:/g)?.length ?? 0;
}

const HEADERS = fc.record({
  quote: fc.constantFrom("'", '"'),
  prefix: fc.constantFrom('', 'u', 'b'),
  long: fc.constantFrom('', 'L'),
  space: fc.constantFrom('', ' ', '\n  '),
  order: fc.shuffledSubarray(['descr', 'fortran_order', 'shape'], { minLength: 3 }),
  trailing: fc.boolean(),
  byteOrder: fc.constantFrom('<', '=', ''),
  fortran: fc.boolean(),
  shape: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 5 }),
});

/** Every reader takes or refuses what was mutated in any way, `runs` times each. */
export function testReaders(runs: number): void {
  /** Some milliseconds for each file, on a machine that does other things. */
  const TIMEOUT = { timeout: 30_000 + 50 * runs };

  afterAll(() => {
    const { taken, refused, time, memory } = seen;
    const most = `at most ${time.toFixed(0)} ms of the processor and ${(memory / 2 ** 20).toFixed(1)} MiB for one`;
    console.info(`mutated files, seed ${SEED}: ${taken} taken, ${refused} refused, ${most}`);
  });

  for (const { name, make, read, sealed } of READERS) {
    test(`${name}: mutated in any way is taken or refused, soon`, TIMEOUT, async () => {
      const whole = (part: Uint8Array): Uint8Array => part;
      const before = await read(await make(whole));
      const numbers = new Set(sealed ? (before as string[]) : []);
      const none = fc.constant<Edit[]>([]);
      const where = fc.oneof(fc.tuple(edits, none), fc.tuple(none, edits), fc.tuple(edits, edits));
      await fc.assert(
        fc.asyncProperty(where, async ([inside, outside]) => {
          const made = await make(inside.length > 0 ? (part) => applyEdits(part, inside) : whole);
          const found = await readsSafely(() => read(applyEdits(made, outside)));
          if (!sealed || inside.length > 0 || !found) return;
          const other = (found.taken as string[]).find((each) => !numbers.has(each));
          if (other !== undefined) throw new Error(`other numbers were taken: ${other}`);
        }),
        { numRuns: runs, seed: SEED },
      );
      expect(before).toEqual(await read(await make(whole)));
    });
  }

  test('JSON is what JSON.parse makes of it, or refused', TIMEOUT, () => {
    const text = fc.oneof(
      fc.json({ maxDepth: 6 }),
      fc.tuple(fc.json({ maxDepth: 4 }), edits).map(([json, changes]) => {
        const bytes = applyEdits(new TextEncoder().encode(json), changes);
        return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
      }),
    );
    fc.assert(
      fc.property(text, (json) => {
        let expected: unknown;
        try {
          expected = JSON.parse(json);
        } catch {
          expect(() => parseJson(FILE, 'JSON', json)).toThrow(InputError);
          return;
        }
        let value: unknown;
        try {
          value = parseJson(FILE, 'JSON', json);
        } catch (error) {
          // What JSON.parse takes, and this does not.
          expect((error as Error).message).toMatch(/occurs twice|nested more than 100 levels/);
          return;
        }
        expect(value).toEqual(expected);
        // A key that is given twice is lost when it is written again.
        expect(keysOf(JSON.stringify(value))).toBe(keysOf(json));
      }),
      { numRuns: runs, seed: SEED },
    );
  });

  test(
    'an array is the same however Python writes its header, and in whatever order its elements lie',
    TIMEOUT,
    () => {
      fc.assert(
        fc.property(HEADERS, ({ quote, prefix, long, space, order, trailing, byteOrder, fortran, shape }) => {
          const q = (text: string) => `${prefix}${quote}${text}${quote}`;
          const sizes = shape.map((extent) => `${extent}${long}`).join(`,${space}`);
          const values: Record<string, string> = {
            descr: q(`${byteOrder}i2`),
            fortran_order: fortran ? 'True' : 'False',
            shape: `(${sizes}${shape.length === 1 ? ',' : ''})`,
          };
          const entries = order.map((key) => `${q(key)}:${space}${values[key]}`).join(`,${space}`);
          // Element i in C order holds i; in Fortran order it lies where the first index runs fastest.
          const elements = elementCount(shape);
          const content = new Int16Array(elements);
          for (let i = 0; i < elements; i++) {
            let [rest, at, stride] = [i, 0, elements];
            for (const extent of [...shape].reverse()) {
              stride /= extent;
              at += (rest % extent) * stride;
              rest = Math.floor(rest / extent);
            }
            content[fortran ? at : i] = i;
          }
          const array = npy(
            `{${entries}${trailing ? ', ' : ''}}`,
            new Uint8Array(content.buffer),
            (part) => part,
          );
          const x = readNpz(FILE, zipSync({ 'x.npy': array })).get('x')!;
          expect(x).toEqual({
            dtype: 'I16',
            shape,
            data: Int16Array.from({ length: elements }, (_, i) => i),
          });
        }),
        { numRuns: runs, seed: SEED },
      );
    },
  );

  test('tensors come back from safetensors as they were written', TIMEOUT, () => {
    const shapes = fc.array(fc.nat(4), { maxLength: 4 });
    const dtypes = fc.constantFrom('F32' as const, 'I32' as const, 'I64' as const, 'U8' as const);
    const named = fc.dictionary(fc.string({ unit: 'binary' }), fc.tuple(dtypes, shapes), { maxKeys: 6 });
    fc.assert(
      fc.property(named, (kinds) => {
        const tensors = new Map(
          Object.entries(kinds)
            .filter(([name]) => name !== '__metadata__')
            .map(([name, [dtype, shape]], i): [string, HostTensor] => {
              const values = Array.from({ length: elementCount(shape) }, (_, k) => (k * 31 + i) % 251);
              if (dtype === 'I64') return [name, { dtype, shape, data: BigInt64Array.from(values, BigInt) }];
              const array = { F32: Float32Array, I32: Int32Array, U8: Uint8Array }[dtype];
              return [name, { dtype, shape, data: array.from(values) }];
            }),
        );
        const read = readSafetensors(FILE, writeSafetensors(tensors));
        expect(new Map([...read].sort())).toEqual(new Map([...tensors].sort()));
      }),
      { numRuns: Math.ceil(runs / 4), seed: SEED },
    );
  });
}
