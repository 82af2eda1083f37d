import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { densityFigure } from '../../src/present/figures/densityFigure.ts';
import { landscapeFigure } from '../../src/present/figures/landscapeFigure.ts';
import { sharpnessFigure } from '../../src/present/figures/sharpnessFigure.ts';
import { basin, inFolder, ROOT } from './basin.ts';

const DATA = 'gaussian-clusters?examples=64&test=32&classes=3&dims=8';
const MODEL = { layers: [{ type: 'Linear', in_features: 8, out_features: 3 }], loss: 'cross_entropy' };
const TRAIN = {
  model: 'model.json',
  data: DATA,
  batch_size: 16,
  steps: 20,
  optimizer: { lr: 0.1 },
  replicas: [{ seed: 0 }, { seed: 1 }],
};

describe('basin landscape --figure', () => {
  test('draws what the result says, and refuses a name or a place before it computes', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'model.json'), JSON.stringify(MODEL));
      writeFileSync(join(folder, 'train.json'), JSON.stringify(TRAIN));
      const trained = await basin(
        ['train', 'train.json', '--tensors', 'w.safetensors', '--out', 't.json', '--runtime', 'node'],
        folder,
      );
      expect(trained.exitCode, trained.stderr).toBe(0);
      const [from, to] = [0, 1].map((replica) => `w.safetensors#replica.${replica}.`);
      const line = [
        'landscape',
        'line',
        '--model',
        'model.json',
        '--from',
        from!,
        '--to',
        to!,
        '--data',
        DATA,
      ];
      const run = (...more: string[]) =>
        basin([...line, '--test', DATA, '--points', '5', '--runtime', 'node', ...more], folder);

      const drawn = await run('--out', 'r.json', '--figure', 'r.svg');
      expect(drawn.exitCode, drawn.stderr).toBe(0);
      expect(drawn.stderr).toMatch(/^wrote r\.svg$/m);
      const result = JSON.parse(readFileSync(join(folder, 'r.json'), 'utf8'));
      const svg = readFileSync(join(folder, 'r.svg'), 'utf8');
      const { figureText } = await import(pathToFileURL(join(ROOT, 'dist', 'figures.js')).href);
      expect(svg).toBe(figureText(landscapeFigure(result)));
      for (const label of ['accuracy (%)', 'training loss', 'test accuracy']) {
        expect(svg).toContain(`>${label}</text>`);
      }

      for (const [options, reason] of [
        [['--figure', 'r.png'], /r\.png: --figure: expected a name that ends in \.svg/],
        [['--out', 'x.svg', '--figure', 'x.svg'], /x\.svg: --figure: is the same file as --out/],
        [['--figure', 'none/r.svg'], /--figure: cannot be written/],
      ] as const) {
        const refused = await run(...options);
        expect(refused.exitCode).toBe(2);
        expect(refused.stderr).toMatch(reason);
        expect(refused.stdout).toBe('');
      }
      expect(existsSync(join(folder, 'x.svg'))).toBe(false);
    });
  });
});

describe('what is measured at one point, drawn', () => {
  const of = ['--model', 'model.json', '--weights', 'w.safetensors', '--data', DATA, '--runtime', 'node'];
  const figureText = async () =>
    (await import(pathToFileURL(join(ROOT, 'dist', 'figures.js')).href)).figureText as (of: object) => string;

  test('sharpness: φ over ε; measure: the density of the eigenvalues, which must be asked for', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'model.json'), JSON.stringify(MODEL));
      const spec = { ...TRAIN, replicas: undefined, steps: 0 };
      writeFileSync(join(folder, 'train.json'), JSON.stringify(spec));
      const run = (...args: string[]) => basin(args, folder);
      const begun = await run('train', 'train.json', '--tensors', 'w.safetensors', '--out', 't.json');
      expect(begun.exitCode, begun.stderr).toBe(0);
      const read = (name: string) => readFileSync(join(folder, name), 'utf8');

      const sharp = await run('sharpness', ...of, '--out', 's.json', '--figure', 's.svg');
      expect(sharp.exitCode, sharp.stderr).toBe(0);
      expect(read('s.svg')).toBe((await figureText())(sharpnessFigure(JSON.parse(read('s.json')))));

      const fisher = ['--density', '--operator', 'empirical-fisher'];
      const dense = await run('measure', ...of, ...fisher, '--out', 'm.json', '--figure', 'm.svg');
      expect(dense.exitCode, dense.stderr).toBe(0);
      const { density } = JSON.parse(read('m.json')).hessian;
      expect(read('m.svg')).toBe((await figureText())(densityFigure(density, 'empirical Fisher matrix')));

      const refused = await run('measure', ...of, '--figure', 'n.svg');
      expect(refused.exitCode).toBe(2);
      expect(refused.stderr).toMatch(/--figure: .*give --density too/);
      expect(existsSync(join(folder, 'n.svg'))).toBe(false);
    });
  });
});
