import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { threefry2x32 } from '../../src/random/threefry.ts';
import { inFolder, ROOT } from './basin.ts';
import { filesIn, halfFiles } from './outputFiles.ts';
import { processesOf } from './processes.ts';
import { nameOf, prepareSmallJobs, SMALL_JOBS, type SmallJob } from './smallJobs.ts';

/** By which the moments are drawn. */
const SEED = Number(process.env.BASIN_KILL_SEED ?? Date.now() % 2 ** 32);
/** Kills of each command; with those of a build (killedBuild.longest.test.ts) a hundred in all. */
const KILLS = Number(process.env.BASIN_KILLS ?? 16);

/** Starts a command; what it said, and how it ended. */
function start(folder: string, args: string) {
  const child = spawn(process.execPath, [join(ROOT, 'dist', 'cli.js'), ...args.split(' ')], {
    cwd: folder,
    env: { ...process.env, TMPDIR: join(folder, 'tmp'), BASIN_KERNELS: join(folder, 'kernels.json') },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise<string>((resolve) =>
    child.on('close', (code, signal) => resolve(`${code ?? signal}: ${said}`)),
  );
  return { child, ended };
}

function testKilled(job: SmallJob, runtime: 'node' | 'browser'): void {
  test(`killed ${KILLS} times at any moment: ${nameOf(job)}, ${runtime}`, {
    timeout: 1_800_000,
  }, async () => {
    console.info(`BASIN_KILL_SEED=${SEED}`);
    await inFolder(async (folder) => {
      await prepareSmallJobs(folder);
      const out = join(folder, 'out');
      const temporary = join(folder, 'tmp');
      mkdirSync(temporary);
      const args = `${job.args} --runtime ${runtime}`;
      const clear = (): void => {
        rmSync(out, { recursive: true, force: true });
        mkdirSync(out);
      };
      clear();
      const began = performance.now();
      expect(await start(folder, args).ended).toMatch(/^0:/);
      const lasts = performance.now() - began;
      const reference = filesIn(out);
      expect(reference.size).toBeGreaterThan(0);
      expect(halfFiles(out)).toEqual([]);
      clear();
      let killed = 0;
      for (let tried = 0; killed < KILLS; tried++) {
        expect(tried).toBeLessThan(5 * KILLS);
        const { child, ended } = start(folder, args);
        const moment = (threefry2x32(SEED, args.length, tried, 0)[0] / 2 ** 32) * lasts;
        const timer = setTimeout(() => child.kill('SIGKILL'), moment);
        const how = await ended;
        clearTimeout(timer);
        if (/^SIGKILL/.test(how)) killed++;
        else expect(how).toMatch(/^0:/);
        expect(halfFiles(out), `after kill ${killed}`).toEqual([]);
        // What was killed late left all that there is to do: now and then from the start.
        if (!/^SIGKILL/.test(how) || killed % 4 === 3) clear();
      }
      expect(await start(folder, args).ended).toMatch(/^0:/);
      const again = filesIn(out);
      expect([...again.keys()]).toEqual([...reference.keys()]);
      const other = [...again].filter(([name, content]) => content !== reference.get(name));
      if (!job.varies) expect(other.map(([name]) => name)).toEqual([]);
      // Those of the killed are gone, too: files beside results, browsers and their folders.
      expect(readdirSync(temporary).filter((name) => name.startsWith('basin-'))).toEqual([]);
      await expect.poll(() => processesOf(folder), { timeout: 20_000 }).toEqual([]);
    });
  });
}

for (const job of SMALL_JOBS) testKilled(job, 'node');
testKilled(SMALL_JOBS[0]!, 'browser');
