import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { writeSafetensors } from '../../src/data/safetensors.ts';
import type { HostTensor } from '../../src/host/hostTensor.ts';
import { basin, inFolder } from './basin.ts';

const N = 8;
const x = Float32Array.from({ length: 3 * N }, (_, i) => Math.sin(i));
const labels = BigInt64Array.from({ length: N }, (_, n) => BigInt(n % 2));
const f32 = (shape: number[], value = 0.1): HostTensor => ({
  dtype: 'F32',
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value),
});
const DATA = writeSafetensors(
  new Map<string, HostTensor>([
    ['x', { dtype: 'F32', shape: [N, 3], data: x }],
    ['y', { dtype: 'I64', shape: [N], data: labels }],
  ]),
);
const layers = (...names: (string | undefined)[]) => [
  { type: 'Linear', in_features: 3, out_features: 4, ...(names[0] ? { name: names[0] } : {}) },
  { type: 'ReLU' },
  { type: 'Linear', in_features: 4, out_features: 2, ...(names[1] ? { name: names[1] } : {}) },
];
const model = (...names: string[]) => JSON.stringify({ layers: layers(...names), loss: 'cross_entropy' });
const HERE = ['--runtime', 'node'];
const SHORT = ['--hidden', '4', '--lr', '0.1', '--steps', '2', '--batch-size', '4', ...HERE];

const train = (folder: string, data: string) => basin(['train', '--data', data, ...SHORT], folder);

test('files whose names hold a comma, a question mark, capitals or nothing else', async () => {
  await inFolder(async (folder) => {
    const idx = (shape: number[], data: number[]) =>
      Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((n) => [0, 0, 0, n]), ...data]);
    const npy = (header: string, data: Uint8Array) => {
      const text = new TextEncoder().encode(header);
      return Uint8Array.from([
        0x93,
        ...new TextEncoder().encode('NUMPY'),
        1,
        0,
        text.length,
        0,
        ...text,
        ...data,
      ]);
    };
    for (const name of ['com,ma', 'what?']) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'd.SAFETENSORS'), DATA);
    }
    writeFileSync(join(folder, 'train-images-idx3-ubyte'), idx([4, 1, 3], [...Array(12).keys()]));
    writeFileSync(join(folder, 'train-labels-idx1-ubyte'), idx([4], [1, 2, 1, 2]));
    // As Python 2 wrote it, with an array of text, and a file that macOS puts beside.
    const archive = zipSync({
      'x.npy': npy("{'descr': '=f4', 'fortran_order': False, 'shape': (8L, 3L), }", new Uint8Array(x.buffer)),
      'y.npy': npy(
        '{"descr": "|u1", "fortran_order": False, "shape": (8L,), }',
        Uint8Array.from(labels, Number),
      ),
      'class_names.npy': npy("{'descr': '<U1', 'fortran_order': False, 'shape': (2,), }", new Uint8Array(8)),
      '__MACOSX/._x.npy': Uint8Array.of(0),
    });
    writeFileSync(join(folder, 'OLD.NPZ'), archive);
    const paths = ['com,ma/d.SAFETENSORS', 'what?/d.SAFETENSORS', 'OLD.NPZ'];
    const [first, ...others] = await Promise.all(paths.map((path) => train(folder, path)));
    expect(first!.exitCode).toBe(0);
    for (const { stdout } of others) {
      expect(JSON.parse(stdout).losses).toEqual(JSON.parse(first!.stdout).losses);
    }
    const images = await train(folder, 'train-images-idx3-ubyte');
    expect(images.exitCode).toBe(0);
    expect(images.stderr).toMatch(/labels up to 2 make 3 outputs; no example has label 0$/m);

    // Of a train.json in another folder, options are of this one.
    mkdirSync(join(folder, 'run'));
    writeFileSync(
      join(folder, 'run', 'train.json'),
      `\uFEFF${JSON.stringify({ model: { hidden: [4] }, data: 'gone', steps: 1, optimizer: { lr: 0.1 } })}`,
    );
    const both = await basin(['train', 'run/train.json', '--data', 'com,ma/d.SAFETENSORS', ...HERE], folder);
    expect([both.exitCode, both.stderr]).toEqual([0, expect.stringContaining('com,ma')]);
    const gone = await basin(['train', 'run/train.json', ...HERE], folder);
    expect(gone.exitCode).toBe(2);
    expect(gone.stderr).toContain(`there is no file ${join(folder, 'run', 'gone')}`);
  });
});

test('checkpoints of named modules and of AveragedModel', async () => {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, 'd.safetensors'), DATA);
    writeFileSync(join(folder, 'm.json'), model());
    writeFileSync(join(folder, 'named.json'), model('fc1', 'fc2'));
    const tensors = (first: string, second: string): [string, HostTensor][] => [
      [`${first}.weight`, f32([4, 3])],
      [`${first}.bias`, f32([4])],
      [`${second}.weight`, f32([2, 4])],
      [`${second}.bias`, f32([2])],
    ];
    writeFileSync(join(folder, 'fc.safetensors'), writeSafetensors(new Map(tensors('fc1', 'fc2'))));
    const count: HostTensor = { dtype: 'I64', shape: [], data: BigInt64Array.of(3n) };
    const averaged = new Map([['n_averaged', count], ...tensors('module.0', 'module.2')]);
    writeFileSync(join(folder, 'averaged.safetensors'), writeSafetensors(averaged));

    const measure = (json: string, weights: string, ...more: string[]) =>
      basin(
        ['measure', '--model', json, '--weights', weights, '--data', 'd.safetensors', ...more, ...HERE],
        folder,
      );
    const [refused, named, ordered, prefixed] = await Promise.all([
      measure('m.json', 'fc.safetensors'),
      measure('named.json', 'fc.safetensors'),
      measure('m.json', 'fc.safetensors', '--weights-by-order'),
      measure('m.json', 'averaged.safetensors', '--weights-prefix', 'module.'),
    ]);
    expect([refused.exitCode, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(/fc\.safetensors: fc1\.weight: unknown name, .*--weights-by-order/);
    expect(ordered.stderr).toMatch(/^fc\.safetensors: modules by order: fc1 → 0, fc2 → 2$/m);
    const [byName, byOrder, byPrefix] = [named, ordered, prefixed].map(({ stdout }) => JSON.parse(stdout));
    expect(Object.keys(byName.layers)).toEqual(['fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias']);
    expect(byOrder).toEqual(byPrefix);
    expect(byName.gradNormSq).toBe(byOrder.gradNormSq);

    const run = {
      model: 'named.json',
      weights: 'averaged.safetensors',
      weights_prefix: 'module.',
      weights_by_order: true,
      data: 'd.safetensors',
      steps: 1,
      optimizer: { lr: 0.1 },
    };
    writeFileSync(join(folder, 'train.json'), JSON.stringify(run));
    const trained = await basin(['train', 'train.json', '--tensors', 't.safetensors', ...HERE], folder);
    expect(trained.stderr).toMatch(
      /^averaged\.safetensors: modules by order: module\.0 → fc1, module\.2 → fc2$/m,
    );
    expect(readFileSync(join(folder, 't.safetensors'), 'latin1')).toContain('"fc1.weight"');
  });
});

test('files that are something else, or nested without end, exit 2 and say so', async () => {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, 'd.safetensors'), DATA);
    writeFileSync(join(folder, 'm.json'), model());
    writeFileSync(join(folder, 'deep.json'), '['.repeat(1e5) + ']'.repeat(1e5));
    writeFileSync(join(folder, 'w.pth'), 'PK\x03\x04 archive/data.pkl');
    writeFileSync(
      join(folder, 'lfs.safetensors'),
      'version https://git-lfs.github.com/spec/v1\noid sha256:0\n',
    );
    const measure = (json: string, weights: string) =>
      basin(['measure', '--model', json, '--weights', weights, '--data', 'd.safetensors', ...HERE], folder);
    const ended = await Promise.all([
      measure('m.json', 'w.pth'),
      measure('m.json', 'lfs.safetensors'),
      measure('deep.json', 'd.safetensors'),
      basin(['train', 'deep.json', ...HERE], folder),
    ]);
    expect(ended.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(Array(4).fill([2, '']));
    expect(ended.map(({ stderr }) => stderr.match(/^basin: (.*)$/m)?.[1])).toEqual([
      expect.stringMatching(/^w\.pth: header: is a zip archive; expected safetensors, as/),
      expect.stringMatching(/^lfs\.safetensors: header: is a Git LFS pointer/),
      'deep.json: model: is nested more than 100 levels deep',
      'deep.json: JSON: is nested more than 100 levels deep',
    ]);
  });
});
