import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { threefry2x32 } from '../../src/random/threefry.ts';
import { JOBS, nodeSoak } from './nodeSoak.ts';
import { pageSoak } from './pageSoak.ts';
import { grown, type Held, show } from './watch.ts';

/**
 * `npm run soak -- --minutes 120`: jobs one after the other in one process under Node, or with `--page` runs in one page of the Lab. Their
 * devices are destroyed at random moments, some are stopped on the way. Each gives the bits that it gave at first, and what is held at the
 * end is what was held after ten minutes (or a third of the time, where that is less). Ends with 1 otherwise. A seed, printed first, draws what comes.
 *
 * glibc gives each thread a heap of its own and keeps it when the thread ends. Every device of Dawn brings threads, so the heaps of closed ones
 * would pass for a leak of Basin's: opening and closing eight devices of 24 pipelines without Basin leaves RSS 42 MiB above that after four,
 * with one heap for all threads 3 MiB (x86-64, 2026-11-28). Read when a process begins, so this one begins again.
 */
const ONE_HEAP = { MALLOC_ARENA_MAX: '1' };
if (process.platform === 'linux' && process.env.MALLOC_ARENA_MAX === undefined) {
  const { status } = spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env: { ...process.env, ...ONE_HEAP },
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    page: { type: 'boolean', default: false },
    /** Seconds between two lines. */
    every: { type: 'string', default: '60' },
    /** Under Node, to find out what grows: these jobs alone, and how many losses each has at most. */
    jobs: { type: 'string', default: Object.keys(JOBS).join() },
    losses: { type: 'string', default: '3' },
  },
});

function number(option: 'minutes' | 'every' | 'losses', least: number): number {
  const value = Number(options[option]);
  if (value >= least) return value;
  throw new Error(`--${option} is ${options[option]}, expected a number of at least ${least}`);
}

const seed = options.seed === undefined ? Date.now() % 2 ** 32 : Number(options.seed);
let draws = 0;
const draw = (): number => threefry2x32(seed, 7, draws++, 0)[0] / 2 ** 32;

const began = performance.now();
const passed = (): number => (performance.now() - began) / 60_000;
const line = (text: string): void => console.log(`${passed().toFixed(1)} min: ${text}`);

// Not awaited here: what jobs load on demand lies below this in the built file.
soak().catch((error: Error) => {
  console.error(error.stack);
  process.exit(1);
});

async function soak(): Promise<never> {
  const minutes = number('minutes', 0.1);
  const every = number('every', 1) / 60;
  const settled = Math.min(10, minutes / 3);
  line(`seed ${seed}`);
  const soaked = options.page
    ? await pageSoak(draw)
    : await nodeSoak(draw, { jobs: options.jobs.split(','), losses: number('losses', 0) });
  let before: Held | null = null;
  let told = 0;
  while (passed() < minutes) {
    await soaked.next();
    if (passed() - told >= every) {
      told = passed();
      line(`${soaked.done}: ${show(await soaked.held())}`);
    }
    if (!before && passed() >= settled) {
      before = await soaked.held();
      line(`held from here on: ${show(before)}`);
    }
  }
  const after = await soaked.held();
  line(`${soaked.done}, all bits as at first: ${show(after)}`);
  const more = grown(before ?? after, after);
  for (const text of more) line(`grown: ${text}`);
  await soaked.close();
  // Dawn keeps a thread that would keep the process.
  process.exit(more.length > 0 ? 1 : 0);
}
