import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { execute, inFolder, ROOT } from './basin.ts';
import { npm, packed, packFolder } from './packed.ts';
import { write } from './userProject.ts';

const TRAIN =
  'train --data gaussian-clusters?examples=64&classes=3&dims=8 --hidden 4 --batch-size 16 --lr 0.1';

test('basin-cli, packed and installed in an empty folder, is the command line without the library', async () => {
  await inFolder(async (folder) => {
    const tarball = await packFolder(join(ROOT, 'dist'), folder);
    // What it depends on, from the checkout instead of the network.
    const needed = ['webgpu', 'playwright-core'].map((name) => [
      name,
      `file:${join(ROOT, 'node_modules', name)}`,
    ]);
    const dependencies = { 'basin-cli': `file:${tarball}`, ...Object.fromEntries(needed) };
    write(folder, { 'package.json': JSON.stringify({ dependencies }) });
    await npm(folder, 'install', '--offline');

    const installed = join(folder, 'node_modules/basin-cli');
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({ version, dependencies: { webgpu: expect.any(String) } });
    expect(existsSync(join(installed, 'library'))).toBe(false);
    expect(readdirSync(join(installed, 'data')).sort()).toEqual(['fashion-mnist', 'mnist', 'moby-dick']);

    expect(await npm(folder, 'exec', '--offline', '--', 'basin', '--version')).toBe(`${version}\n`);
    const basin = (line: string) =>
      execute(process.execPath, [join(installed, 'cli.js'), ...line.split(' ')], folder, {
        BASIN_KERNELS: join(folder, 'none.json'),
      });
    const [info, ...trained] = await Promise.all([
      basin('info'),
      basin(`${TRAIN} --steps 20 --runtime node --out node.json`),
      basin(`${TRAIN} --steps 20 --runtime browser --out browser.json`),
    ]);
    expect(info).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/subgroups/) });
    expect(trained.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([
      [0, expect.not.stringMatching(/basin:/)],
      [0, expect.not.stringMatching(/basin:/)],
    ]);
    for (const name of ['node.json', 'browser.json']) {
      const { losses } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      expect(losses.flat(), name).toHaveLength(20);
    }
  });
});

test('the library has the built-in data where basin-cli is installed, and names it where it is not', async () => {
  const script = `
    import { fileHost } from 'basin/node';
    const read = fileHost('.').read('builtin:mnist/t10k-labels-idx1-ubyte');
    console.log(await read.then((bytes) => bytes.length, ({ name, message }) => name + ': ' + message));`;
  const told = (beside: readonly string[]): Promise<string> =>
    inFolder(async (folder) => {
      await (await packed()).install(folder, beside);
      write(folder, { 'script.js': script });
      const { stdout } = await execute(process.execPath, ['script.js'], folder);
      return stdout;
    });
  expect(await told(['basin-cli'])).toBe('10008\n');
  expect(await told([])).toMatch(/^InputError: builtin:mnist.*basin-cli.*not installed/);
});
