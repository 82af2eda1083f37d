import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { execute, inFolder, ROOT } from './basin.ts';
import { NODE_SCRIPTS, runScript } from './docsScripts.ts';
import { npm, packed } from './packed.ts';
import { NODE_SCRIPT, TYPED, tsc, write } from './userProject.ts';

/** A package of the registry in a version that the checkout does not have; kept in .cache/. */
async function fetched(name: string, version: string): Promise<string> {
  const folder = join(ROOT, '.cache/packages', `${name}-${version}`);
  if (!existsSync(folder)) {
    const making = `${folder}.${process.pid}`;
    await mkdir(making, { recursive: true });
    write(making, { 'package.json': '{}' });
    await npm(making, 'install', '--prefer-offline', `${name}@${version}`);
    await rename(making, folder).catch(() => rm(making, { recursive: true }));
  }
  return join(folder, 'node_modules', name);
}

const [PLATFORM, PROGRAM] = process.platform === 'win32' ? ['win', 'node.exe'] : [process.platform, 'node'];

// The package `node` of npm is a script that installs this one.
test.each(['20', '22', '24'])(
  'the packed library trains under Node %s, and every program of the documentation runs',
  async (version) => {
    const node = join(await fetched(`node-${PLATFORM}-${process.arch}`, version), 'bin', PROGRAM!);
    await inFolder(async (folder) => {
      await (await packed()).install(folder, ['webgpu']);
      write(folder, {
        'script.js': `if (!process.version.startsWith('v${version}.')) throw process.version;${NODE_SCRIPT}`,
      });
      const { stdout, stderr, exitCode } = await execute(node, ['script.js'], folder);
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
      expect(JSON.parse(stdout)).toEqual({ oneLibrary: true, loss: expect.any(Number) });
      // Under the one that runs this they have run already.
      if (process.version.startsWith(`v${version}.`)) return;
      for (const script of NODE_SCRIPTS) await runScript(script, folder, node);
    });
  },
  300_000,
);

// The checkout has 5.9.
test.each(['6', '7'])(
  'TypeScript %s takes the declarations',
  async (version) => {
    const compiler = join(await fetched('typescript', version), 'bin/tsc');
    await inFolder(async (folder) => {
      await (await packed()).install(folder);
      write(folder, { 'typed.ts': TYPED });
      for (const options of [{ module: 'nodenext' }, { module: 'esnext', moduleResolution: 'bundler' }]) {
        expect(await tsc(folder, ['typed.ts'], options, compiler), options.module).toBe('');
      }
    });
  },
  300_000,
);
