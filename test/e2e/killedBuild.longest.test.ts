import { spawn } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isBuiltOf, SOURCES } from '../../src/cli/distStamp.mjs';
import { threefry2x32 } from '../../src/random/threefry.ts';
import { execute, inFolder, ROOT } from './basin.ts';
import { processesOf } from './processes.ts';

const SEED = Number(process.env.BASIN_KILL_SEED ?? Date.now() % 2 ** 32);
const KILLS = Number(process.env.BASIN_BUILD_KILLS ?? 4);

test(`a build whose launcher is killed ${KILLS} times leaves neither a lock that holds, nor half of dist/, nor a process`, {
  timeout: 300_000 * (KILLS + 1),
}, async () => {
  console.info(`BASIN_KILL_SEED=${SEED}`);
  await inFolder(async (folder) => {
    for (const name of [...SOURCES, 'bench', '.npmrc']) {
      cpSync(join(ROOT, name), join(folder, name), { recursive: true, preserveTimestamps: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const launcher = join(folder, 'src', 'cli', 'launch.mjs');
    const dist = join(folder, 'dist');
    const help = () => execute(process.execPath, [launcher, '--help'], folder);
    const began = performance.now();
    const whole = await help();
    expect(whole.exitCode, whole.stderr).toBe(0);
    const lasts = performance.now() - began;
    const names = readdirSync(dist, { recursive: true, encoding: 'utf8' }).sort();
    const manifest = join(folder, 'package.json');
    for (let kill = 0; kill < KILLS; kill++) {
      // Another one each time, so that there is something to build.
      cpSync(join(ROOT, 'package.json'), manifest);
      const child = spawn(process.execPath, [launcher, '--help'], { cwd: folder, stdio: 'ignore' });
      const ended = new Promise((resolve) => child.on('close', resolve));
      const moment = (threefry2x32(SEED, 1, kill, 0)[0] / 2 ** 32) * lasts;
      const timer = setTimeout(() => child.kill('SIGKILL'), moment);
      await ended;
      clearTimeout(timer);
      // The one before, or the next one; none in the moment between.
      if (existsSync(dist)) {
        expect(readdirSync(dist, { recursive: true, encoding: 'utf8' }).sort()).toEqual(names);
      }
      // What it had begun ends as soon as it looks.
      await expect.poll(() => processesOf(folder), { timeout: 60_000 }).toEqual([]);
    }
    const after = await help();
    expect(after.exitCode, after.stderr).toBe(0);
    expect(after.stdout).toBe(whole.stdout);
    expect(isBuiltOf(dist, folder)).toBe(true);
    expect(readFileSync(join(dist, 'cli.js'), 'utf8')).toContain('basin');
    const left = readdirSync(join(folder, '.cache')).filter((name) => /^(build|api|types)-|lock/.test(name));
    expect(left).toEqual([]);
  });
});
