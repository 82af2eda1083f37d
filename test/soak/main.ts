import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { nodeGpu } from '../../src/cli/nodeGpu.ts';
import { type Gpu, openDevice } from '../../src/gpu/device.ts';
import { threefry2x32 } from '../../src/random/threefry.ts';
import { type Blow, hostOf, POINT_JOBS, runUnderBlows, TRAIN } from '../gpu/jobsUnderBlows.ts';
import { watchBuffers } from '../gpu/watchBuffers.ts';
import { grown, type Held, heldNow } from './watch.ts';

/**
 * `npm run soak -- --minutes 120`: jobs one after the other in one process under Node, their devices destroyed at random moments. Each
 * gives the bytes that it gave at first, and what the process holds at the end is what it held after ten minutes (or a third of the
 * time, where that is less). Ends with 1 otherwise. A seed, printed first, draws what comes.
 */
const { values: options } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } },
});
const minutes = Number(options.minutes);
if (!(minutes > 0)) throw new Error(`--minutes is ${options.minutes}, expected a number above 0`);
const seed = options.seed === undefined ? Date.now() % 2 ** 32 : Number(options.seed);
const settled = Math.min(10, minutes / 3);

let draws = 0;
const draw = (): number => threefry2x32(seed, 7, draws++, 0)[0] / 2 ** 32;

/** Buffers of devices that jobs are done with, and that they left. */
let left = 0;
const watches: { readonly gpu: Gpu; readonly watch: ReturnType<typeof watchBuffers> }[] = [];
let losses = 0;

/** One for all devices, as a command has it. */
const entryPoint = nodeGpu();

async function open(): Promise<Gpu> {
  const found = await entryPoint;
  if (!found) throw new Error('soak: WebGPU under Node found no adapter');
  const gpu = await openDevice({ gpu: found.gpu, engine: found.engine });
  watches.push({ gpu, watch: watchBuffers(gpu) });
  return gpu;
}

/** A device is destroyed with some probability at each progress that is told, three times at most in a job. */
function blows(): Blow[] {
  const wanted = Math.floor(4 * draw());
  return Array.from({ length: wanted }, (): Blow => {
    let wait = Math.floor(3 * draw());
    return (event) => event.type === 'phase' && wait-- <= 0;
  });
}

const jobs = [TRAIN, ...POINT_JOBS.map(([spec]) => spec)];
const first = new Map<number, string>();
const began = performance.now();
const passed = (): number => (performance.now() - began) / 60_000;
const line = (text: string): void => console.log(`${passed().toFixed(1)} min: ${text}`);
const show = ({ rss, heap, handles, buffers }: Held): string =>
  `RSS ${(rss / 2 ** 20).toFixed(0)} MiB, heap ${(heap / 2 ** 20).toFixed(1)} MiB, ${handles} handles, ${buffers} bytes of buffers left`;

// Not awaited here: what jobs load on demand lies below this in the built file.
soak().catch((error: Error) => {
  console.error(error.stack);
  process.exit(1);
});

async function soak(): Promise<never> {
  line(`seed ${seed}`);
  let before: Held | null = null;
  let told = 0;
  let done = 0;
  while (passed() < minutes) {
    const which = Math.floor(jobs.length * draw());
    const given = first.has(which) ? blows() : [];
    const { result, tensors, fell } = await runUnderBlows(open, jobs[which]!, hostOf(), given);
    losses += fell;
    const digest = createHash('sha256')
      .update(result)
      .update(tensors ?? '')
      .digest('hex');
    if (!first.has(which)) first.set(which, digest);
    if (first.get(which) !== digest)
      throw new Error(`${jobs[which]!.job}: other bytes than at first, after ${done} jobs`);
    for (const { watch } of watches.splice(0)) left += watch.held();
    done++;
    if (passed() - told >= 1) {
      told = passed();
      line(`${done} jobs, ${losses} losses: ${show(heldNow(left))}`);
    }
    if (!before && passed() >= settled) {
      before = heldNow(left);
      line(`held from here on: ${show(before)}`);
    }
  }
  const after = heldNow(left);
  line(`${done} jobs, ${losses} losses, all bytes as at first: ${show(after)}`);
  const more = grown(before ?? after, after);
  for (const text of more) line(`grown: ${text}`);
  // Dawn keeps a thread that would keep the process.
  process.exit(more.length > 0 ? 1 : 0);
}
