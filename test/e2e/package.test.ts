import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { build, preview } from 'vite';
import { expect, test } from 'vitest';
import { execute, inFolder } from './basin.ts';
import { launchBrowser, withPage } from './browserPage.ts';
import { packed } from './packed.ts';
import { bundled, NODE_SCRIPT, TYPED, tsc, write } from './userProject.ts';

/** A user's folder with the library installed. */
function withLibrary<T>(beside: readonly string[], use: (folder: string) => Promise<T>): Promise<T> {
  return inFolder(async (folder) => {
    await (await packed()).install(folder, beside);
    return use(folder);
  });
}

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(folder, path)).isFile(),
  );

test('the library is less than 1 MB, and brings nothing but the types of WebGPU', async () => {
  const { tarball } = await packed();
  // With the claims of the papers, which `basin/jobs` loads on demand.
  expect(statSync(tarball).size).toBeLessThan(800_000);
  await withLibrary([], async (folder) => {
    const installed = filesOf(join(folder, 'node_modules')).filter((path) => !path.startsWith('.'));
    const foreign = installed.filter((path) => !/^(basin|@webgpu.types)[\\/]/.test(path));
    expect(foreign).toEqual([]);
    const own = filesOf(join(folder, 'node_modules/basin')).map((path) => path.replaceAll('\\', '/'));
    expect(own.filter((path) => !path.startsWith('dist/library/')).sort()).toEqual([
      'LICENSE',
      'README.md',
      'package.json',
    ]);
  });
});

test('the library imports nothing but Node and what its user installs', async () => {
  await withLibrary([], async (folder) => {
    const library = join(folder, 'node_modules/basin/dist/library');
    const imported = filesOf(library).flatMap((path) => {
      const text = readFileSync(join(library, path), 'utf8');
      const found = text.matchAll(/^(?:import|export)\b[^'"`;]*['"]([^'".][^'"]*)['"]/gm);
      return [...found].map(([, name]) => name!);
    });
    const packages = new Set(imported.filter((name) => !name.startsWith('node:')));
    expect([...packages].sort()).toEqual(['#webgpu', '@playwright/test']);
    expect(imported).toContain('node:fs');
  });
});

test('the library has no complaint of publint', async () => {
  await withLibrary([], async (folder) => {
    const pkgDir = join(folder, 'node_modules/basin');
    const { messages, pkg } = await publint({ pkgDir, pack: false, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });
});

test('the library has types wherever it can be imported; require() finds ES modules', async () => {
  const { tarball } = await packed();
  const analysis = await checkPackage(createPackageFromTarballData(readFileSync(tarball)));
  if (!analysis.types) throw new Error('it has no types');
  // The older resolution that knows no `exports` has no subpaths; packages of ES modules alone do not serve it.
  const problems = analysis.problems.filter(
    (problem) => !('resolutionKind' in problem && problem.resolutionKind === 'node10'),
  );
  expect([...new Set(problems.map(({ kind }) => kind))]).toEqual(['CJSResolvesToESM']);
  expect(Object.keys(analysis.entrypoints)).toEqual(
    expect.arrayContaining(['.', './engine', './jobs', './node', './playwright']),
  );
});

test('the library passes the type checker with its declarations, in a strict project without further options', async () => {
  await withLibrary([], async (folder) => {
    write(folder, { 'typed.ts': TYPED });
    for (const options of [{ module: 'nodenext' }, { module: 'esnext', moduleResolution: 'bundler' }]) {
      expect(await tsc(folder, ['typed.ts'], options), options.module).toBe('');
    }
  });
});

test('the library runs under Node, and is one library by all its names', async () => {
  await withLibrary(['webgpu'], async (folder) => {
    write(folder, { 'script.js': NODE_SCRIPT });
    const { stdout, stderr, exitCode } = await execute(process.execPath, ['script.js'], folder);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(JSON.parse(stdout)).toEqual({ oneLibrary: true, loss: expect.any(Number) });
  });
});

test('the library runs in a page that Vite has built', async () => {
  await withLibrary([], async (folder) => {
    write(folder, {
      'index.html':
        '<!doctype html><link rel="icon" href="data:,"><script type="module" src="main.ts"></script>',
      'main.ts': `
          import { data, nn, openDevice, train } from 'basin';
          const gpu = await openDevice();
          const clusters = await data.loadDataset('gaussian-clusters?examples=64&classes=3&dims=8', { read: async (path) => {
            throw new Error(path);
          } });
          const model = nn.sequential(nn.linear(8, 3));
          const run = await train(gpu, { model, data: clusters, batchSize: 16, steps: 5, lr: 0.1 });
          const losses = [];
          for await (const { loss } of run.readings()) losses.push(loss);
          document.title = losses.join(' ');`,
    });
    await build({ root: folder, configFile: false, logLevel: 'error', build: { target: 'es2022' } });
    const server = await preview({
      root: folder,
      configFile: false,
      preview: { host: '127.0.0.1', port: 0 },
    });
    const browser = await launchBrowser();
    try {
      const origin = server.resolvedUrls!.local[0]!.replace(/\/$/, '');
      await withPage(browser, origin, async (page) => {
        await page.goto(origin);
        await page.waitForFunction(() => document.title.split(' ').length === 5);
        expect((await page.title()).split(' ').map(Number).every(Number.isFinite)).toBe(true);
      });
    } finally {
      await browser.close();
      await server.close();
    }
  });
});

// Bytes, minified and gzipped; a page that takes all of the library loads 130 kB.
test.each([
  [
    'a formula',
    "import { statistics } from 'basin'; console.log(statistics.temperature({ lr: 0.1, batchSize: 64 }));",
    1_000,
  ],
  ['a device', "import { openDevice } from 'basin'; console.log(await openDevice());", 5_000],
  [
    'the engine',
    "import { engine, openDevice, ops } from 'basin'; console.log(openDevice, ops.matmul, ops.grad, engine.compile);",
    45_000,
  ],
])('a page that takes %s from the library loads little else', async (_, script, most) => {
  await withLibrary([], async (folder) => {
    write(folder, { 'main.js': script });
    const { code, bytes } = await bundled(folder, 'main.js');
    expect(bytes).toBeLessThan(most);
    // What makes it where a browser has none is there for its effect alone.
    expect(code).toContain('Symbol.dispose');
  });
});
