import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../../src/cli/findBrowser.ts';
import { basin, execute, inFolder, ROOT } from './basin.ts';

const MODEL = JSON.stringify({
  layers: [
    { type: 'Linear', in_features: 8, out_features: 5 },
    { type: 'Tanh' },
    { type: 'Linear', in_features: 5, out_features: 3 },
  ],
  loss: 'cross_entropy',
});
const DATA = 'gaussian-clusters?examples=64&classes=3&dims=8';
const SHORT = ['--data', DATA, '--batch-size', '16', '--steps', '6', '--lr', '0.1', '--seed', '3'];

/** A run described by a file in a folder of its own: `run/train.json` and `run/model.json`. */
function writeRun(folder: string, changes = {}): void {
  mkdirSync(join(folder, 'run'));
  writeFileSync(join(folder, 'run', 'model.json'), MODEL);
  const train = {
    model: 'model.json',
    data: DATA,
    batch_size: 16,
    steps: 6,
    seed: 3,
    optimizer: { type: 'sgd', lr: 0.1 },
    ...changes,
  };
  writeFileSync(join(folder, 'run', 'train.json'), JSON.stringify(train));
}

// The first call builds dist/; a later one must find it fresh.
beforeAll(async () => {
  findBrowser({ install: true });
  const { exitCode, stderr } = await basin(['info'], ROOT);
  if (exitCode !== 0) throw new Error(stderr);
}, 300_000);

describe('what the command line refuses', () => {
  const refusals: [what: string, args: string[], message: RegExp][] = [
    ['an unknown command', ['trian'], /unknown command 'trian'.*train/s],
    ['an unknown option', ['train', '--epoch', '3'], /unknown option '--epoch'.*--epochs/s],
    ['nothing to train on', ['train'], /train\.json or --data/],
    ['a missing file', ['train', 'gone.json'], /gone\.json.*no such file/],
    ['a number that is none', ['train', '--data', DATA, '--lr', 'fast'], /--lr.*'fast' is invalid/],
    ['a batch of nothing', ['train', '--data', DATA, '--batch-size', '0'], /--batch-size.*at least 1/],
    [
      'contradicting options',
      ['train', '--data', DATA, '--steps', '1', '--epochs', '1'],
      /--epochs.*--steps/,
    ],
    ['no learning rate', ['train', '--data', DATA, '--hidden', '4'], /^basin: command line: --lr: missing/m],
    ['no model', ['train', ...SHORT], /^basin: command line: --model, --hidden or --transformer: missing/m],
    [
      'more steps than there can be',
      ['train', ...SHORT.filter((arg) => !/^(--steps|6)$/.test(arg)), '--hidden', '4', '--epochs', '1e12'],
      /^basin: command line: --epochs: come to 4000000000000 steps/m,
    ],
    [
      'a seed that would change nothing',
      ['train', ...SHORT, '--hidden', '4', '--data', 'mnist', '--data-seed', '1'],
      /^basin: command line: --data-seed: nothing is drawn of mnist/m,
    ],
    ['a missing option', ['measure', '--model', 'm.json'], /required option '--weights/],
    ['an unknown runtime', ['info', '--runtime', 'deno'], /'deno' is invalid.*auto, node, browser/],
    [
      'a folder that is not there',
      ['train', ...SHORT, '--hidden', '4', '--out', 'gone/r.json'],
      /--out.*gone/,
    ],
    [
      'data that is not there',
      ['train', ...SHORT, '--hidden', '4', '--data', 'gone.npz'],
      /gone\.npz.*no such file/,
    ],
  ];
  test.for(refusals)('%s', async ([, args, message]) => {
    await inFolder(async (folder) => {
      const { stdout, stderr, exitCode } = await basin(args, folder);
      expect(stderr).toMatch(message);
      expect(stderr).toMatch(/^basin: /m);
      expect(stdout).toBe('');
      expect(exitCode).toBe(2);
      expect(readdirSync(folder)).toEqual([]);
    });
  });

  test('a file that is no JSON, or says a thing twice', async () => {
    await inFolder(async (folder) => {
      writeFileSync(join(folder, 'cut.json'), '{"model": ');
      writeFileSync(join(folder, 'twice.json'), '{"steps": 1, "steps": 2}');
      const cut = await basin(['train', 'cut.json'], folder);
      expect(cut.stderr).toMatch(/^basin: cut\.json: JSON: /m);
      expect(cut.exitCode).toBe(2);
      const twice = await basin(['train', 'twice.json'], folder);
      expect(twice.stderr).toMatch(/^basin: twice\.json: steps: occurs twice/m);
      expect(twice.exitCode).toBe(2);
    });
  });

  test('a browser that is not there', async () => {
    await inFolder(async (folder) => {
      const args = ['info', '--runtime', 'browser'];
      const { stdout, stderr, exitCode } = await basin(args, folder, { BASIN_BROWSER: '/gone/browser' });
      expect(stderr).toMatch(/^basin: BASIN_BROWSER is \/gone\/browser/m);
      expect(stdout).toBe('');
      expect(exitCode).toBe(1);
    });
  });
});

describe.each(['node', 'browser'])('in the %s runtime', (runtime) => {
  const here = ['--runtime', runtime];

  test('info names the adapter, on standard output alone', async () => {
    await inFolder(async (folder) => {
      const { stdout, stderr, exitCode } = await basin(['info', '--json', ...here], folder);
      expect(stderr).toBe('');
      expect(exitCode).toBe(0);
      const info = JSON.parse(stdout);
      expect(info.headless).toBe(runtime);
      expect(info.runtime).toBe(runtime === 'node' ? 'node' : 'page');
      expect(info.limits.maxStorageBuffersPerShaderStage).toBeGreaterThanOrEqual(8);
      expect(info.features).toContain('core-features-and-limits');
    });
  });

  test('paths of a file are against its folder, and the result alone is on standard output', async () => {
    await inFolder(async (folder) => {
      writeRun(folder);
      const { stdout, stderr, exitCode } = await basin(['train', 'run/train.json', ...here], folder);
      expect(exitCode, stderr).toBe(0);
      expect(JSON.parse(stdout).losses).toHaveLength(6);
      expect(stderr).toMatch(/^adapter: /m);
    });
  });

  test('results go to files, and standard output stays empty', async () => {
    await inFolder(async (folder) => {
      writeRun(folder);
      const outputs = ['--out', 'result.json', '--tensors', 'final.safetensors'];
      const { stdout, stderr, exitCode } = await basin(
        ['train', 'run/train.json', ...outputs, ...here],
        folder,
      );
      expect(exitCode, stderr).toBe(0);
      expect(stdout).toBe('');
      expect(JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')).losses).toHaveLength(6);
      expect(readFileSync(join(folder, 'final.safetensors')).includes('0.weight')).toBe(true);
      expect(readdirSync(folder).sort()).toEqual(['final.safetensors', 'result.json', 'run']);
    });
  });

  test('an error of the job names the file and leaves nothing behind', async () => {
    await inFolder(async (folder) => {
      writeRun(folder, { weights: 'gone.safetensors' });
      const outputs = ['--out', 'result.json', '--tensors', 'final.safetensors'];
      const { stdout, stderr, exitCode } = await basin(
        ['train', 'run/train.json', ...outputs, ...here],
        folder,
      );
      expect(stderr).toMatch(/^basin: gone\.safetensors: .*no such file/m);
      expect(exitCode).toBe(2);
      expect(stdout).toBe('');
      expect(readdirSync(folder)).toEqual(['run']);
    });
  });

  test('a run that diverges ends with 3 and writes no weights', async () => {
    await inFolder(async (folder) => {
      // The weights after one step pass float32's range in the next forward pass.
      writeRun(folder, { optimizer: { type: 'sgd', lr: 1e38 } });
      const args = ['train', 'run/train.json', '--tensors', 'final.safetensors', ...here];
      const { stdout, stderr, exitCode } = await basin(args, folder);
      expect(exitCode, stderr).toBe(3);
      expect(JSON.parse(stdout).diverged.step).toBeGreaterThan(0);
      expect(existsSync(join(folder, 'final.safetensors'))).toBe(false);
    });
  });
});

test('options replace what the file says', async () => {
  await inFolder(async (folder) => {
    writeRun(folder);
    const { stdout, stderr } = await basin(
      ['train', 'run/train.json', '--steps', '4', '--lr', '0.1,0.2'],
      folder,
    );
    const { replicas } = JSON.parse(stdout || stderr);
    expect(replicas).toHaveLength(2);
    expect(replicas[0].losses).toHaveLength(4);
    expect(replicas[0].losses).not.toEqual(replicas[1].losses);
  });
});

test('measure reports tests, signal-to-noise and histograms only where they are asked for', async () => {
  await inFolder(async (folder) => {
    writeRun(folder);
    const trained = await basin(['train', 'run/train.json', '--tensors', 'w.safetensors'], folder);
    expect(trained.exitCode, trained.stderr).toBe(0);
    const point = ['measure', '--model', 'run/model.json', '--weights', 'w.safetensors', '--data', DATA];
    const asked = ['--tests', '--signal-to-noise', '--histogram', '--histogram-parameters', '6'];
    const [full, plain, refused] = [
      await basin([...point, ...asked], folder),
      await basin(point, folder),
      await basin([...point, '--histogram', '2000', '--histogram-parameters', '2'], folder),
    ];
    expect(full.exitCode, full.stderr).toBe(0);
    const result = JSON.parse(full.stdout);
    const { gradientTests, signalToNoise, gradientHistogram, ...rest } = result;
    expect({ ...rest, kernels: null }).toEqual({ ...JSON.parse(plain.stdout), kernels: null });
    const { norm, innerProduct, orthogonality } = gradientTests;
    expect(norm.value ** 2 / (result.traceCovariance / (64 * result.gradNormSq))).toBeCloseTo(1, 4);
    expect(innerProduct.value ** 2 + orthogonality.value ** 2).toBeCloseTo(norm.value ** 2, 6);
    expect(signalToNoise.overallUnbiased.value * result.bSimple).toBeCloseTo(1, 4);
    expect(signalToNoise.quantiles.map((each: { quantile: number }) => each.quantile)).toEqual([
      0.05, 0.25, 0.5, 0.75, 0.95,
    ]);
    for (const { stderr } of [norm, innerProduct, orthogonality, signalToNoise.overall, signalToNoise.mean]) {
      expect(stderr).toBeGreaterThan(0);
    }
    for (const key of ['traceCovariance', 'gradNormSqUnbiased', 'bSimple']) {
      expect(result[`${key}Stderr`], key).toBeGreaterThan(0);
    }
    const count = (counts: number[]): number => counts.reduce((sum, each) => sum + each, 0);
    expect(gradientHistogram.bins).toBe(101);
    expect(gradientHistogram.byParameter.bins).toBe(6);
    for (const [name, elements] of [
      ['0.weight', 40],
      ['0.bias', 5],
      ['2.weight', 15],
      ['2.bias', 3],
    ] as const) {
      expect(gradientHistogram.layers[name]).toHaveLength(101);
      expect(count(gradientHistogram.layers[name])).toBe(64 * elements);
      expect(gradientHistogram.byParameter.layers[name]).toHaveLength(6);
    }
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/histogram: 2000 × 2 = 4000 bins, expected at most 2048/);
  });
});

test('a model without parameters is refused, before the adapter is looked for', async () => {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, 'model.json'), '{"layers": [{"type": "ReLU"}], "loss": "mse"}');
    const { stderr, exitCode } = await basin(['train', ...SHORT, '--model', 'model.json'], folder);
    expect(stderr).toMatch(/^basin: model\.json: layers: none of them has parameters/m);
    expect(stderr).not.toMatch(/adapter/);
    expect(exitCode).toBe(2);
  });
});

test('the demo replaces no file that nobody named', async () => {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, 'report.html'), '<title>Of another</title>');
    const { stderr, exitCode } = await basin(['demo'], folder);
    expect(stderr).toMatch(/^basin: report\.html: report: a file of that name is there .* give --out/m);
    expect(exitCode).toBe(2);
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('Of another');
  });
});

test('a result is repeated from its file alone, wherever that lies, and so is the job in it', async () => {
  await inFolder(async (folder) => {
    writeRun(folder, { replicas: [{}, { lr: 0.3, order_seed: 4 }], averaging: { type: 'swa', start: 5 } });
    mkdirSync(join(folder, 'elsewhere'));
    const read = (name: string) => JSON.parse(readFileSync(join(folder, 'elsewhere', name), 'utf8'));
    const repeat = (from: string, to: string) =>
      basin(['train', from, '--out', to], join(folder, 'elsewhere'));
    // With a byte-order mark, as some editors write it.
    const described = readFileSync(join(folder, 'run', 'train.json'), 'utf8');
    writeFileSync(join(folder, 'run', 'train.json'), `\ufeff${described}`);
    const first = await repeat('../run/train.json', 'r.json');
    expect(first.exitCode, first.stderr).toBe(0);
    expect(first.stderr).toMatch(/^ε = 0\.3, order seed 4: step 6, train loss \d/m);
    expect(first.stderr).toMatch(/^wrote r\.json$/m);
    const { job, kernels, replicas } = read('r.json');
    expect(job.model).toBe(join(folder, 'run', 'model.json'));
    writeFileSync(join(folder, 'job.json'), JSON.stringify(job));
    for (const from of ['r.json', '../job.json']) {
      const { exitCode, stderr } = await repeat(from, 'again.json');
      expect(exitCode, stderr).toBe(0);
      expect(read('again.json')).toMatchObject({ replicas, kernels });
    }
    const changed = await basin(['train', 'r.json', '--seed', '9'], join(folder, 'elsewhere'));
    expect(JSON.parse(changed.stdout).replicas[0].losses).not.toEqual(replicas[0].losses);
  });
});

test('the noise scale is said at the end of training', async () => {
  await inFolder(async (folder) => {
    const args = ['train', ...SHORT, '--hidden', '4', '--measure-every', '1', '--out', 'r.json'];
    const { stderr, exitCode } = await basin(args, folder);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch(/^step 6, B_simple /m);
  });
});

test('a model in short form', async () => {
  await inFolder(async (folder) => {
    const { stdout, stderr, exitCode } = await basin(['train', ...SHORT, '--hidden', '6', '4'], folder);
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout).losses).toHaveLength(6);
  });
});

test("through npm, paths are against the caller's folder", async () => {
  await inFolder(async (folder) => {
    writeRun(folder);
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    // What npm set for the tests themselves would tell it of another package.
    const env = Object.fromEntries(
      Object.keys(process.env).flatMap((key) => (/^npm_/i.test(key) ? [[key, undefined]] : [])),
    );
    const args = ['--prefix', ROOT, 'run', '-s', 'basin', '--', 'train', 'run/train.json', '--out', 'r.json'];
    const { stdout, stderr, exitCode } = await execute(npm, args, folder, env);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toBe('');
    expect(existsSync(join(folder, 'r.json'))).toBe(true);
  });
});

test('the built program runs where its packages are found from the current folder', async () => {
  await inFolder(async (folder) => {
    const cli = join(folder, 'dist', 'cli.js');
    mkdirSync(dirname(cli));
    writeFileSync(cli, readFileSync(join(ROOT, 'dist', 'cli.js')));
    writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
    const alone = await execute(process.execPath, [cli, 'info', '--runtime', 'node'], folder);
    expect(alone.stderr).toMatch(/^basin: the npm package webgpu is not installed.*npm install webgpu/m);
    expect(alone.exitCode).toBe(1);
    const browser = await execute(process.execPath, [cli, 'info', '--runtime', 'browser'], folder);
    expect(browser.stderr).toMatch(/^basin: the npm package playwright-core is not installed/m);
    const from = await execute(process.execPath, [cli, 'info', '--json', '--runtime', 'node'], ROOT);
    expect(from.exitCode, from.stderr).toBe(0);
  });
});
