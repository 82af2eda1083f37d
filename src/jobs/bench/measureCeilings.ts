import type { Gpu } from '../../gpu/device.ts';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import { orLost } from '../../gpu/orLost.ts';
import { type Placement, Program } from '../../gpu/program.ts';
import type { BenchClock } from './benchClock.ts';
import { copyCall, emptyCall, fmaCall } from './ceilings.ts';
import type { Ceiling, Ceilings } from './kernelsReport.ts';
import { fillingRepeats } from './repeats.ts';
import { timingOf } from './timing.ts';

/** Sizes that keep the adapter busy: buffers beyond every cache, chains for every core. */
interface Sizes {
  readonly copyBytes: number;
  readonly invocations: number;
  readonly rounds: number;
}

const SOFTWARE: Sizes = { copyBytes: 2 ** 25, invocations: 4096, rounds: 128 };
const GPU: Sizes = { copyBytes: 2 ** 28, invocations: 2 ** 18, rounds: 1024 };
/** Vectors an invocation of the copy, and chains of the fma: which is fastest differs by adapter, so all are tried. */
const EACH = [1, 4, 16];
const CHAINS = [4, 8, 16];
/** |factor| < 1: no chain overflows, and none becomes a denormal. */
const CHAIN = { factor: 0.999, addend: 0.001 };
const LEAST_SAMPLES = 3;

/** A program over buffers of its own. */
export interface Probe {
  readonly program: Program;
  dispose(): void;
}

/** A pass of fma chains, which lasts some milliseconds. */
export function fmaProbe(gpu: Gpu, chains = 8): Promise<Probe> {
  const { invocations, rounds } = sizesFor(gpu);
  return probe(gpu, `fma, ${chains} chains`, fmaCall(invocations, rounds, chains, CHAIN), {
    y: 4 * invocations,
  });
}

/**
 * Measures what this adapter can do at most, each in `samples` samples after three to warm up.
 * @throws DeviceLostError
 */
export async function measureCeilings(gpu: Gpu, clock: BenchClock, samples: number): Promise<Ceilings> {
  const count = Math.max(LEAST_SAMPLES, samples);
  const empty = await probe(gpu, 'an empty dispatch', emptyCall(0), { y: 4 });
  try {
    return {
      copyBandwidth: await copyBandwidth(gpu, clock, count),
      fmaPeak: await fmaPeak(gpu, clock, count),
      dispatchCost: await dispatchCost(empty, clock, count),
      submitLatency: await latency(
        'an empty dispatch, to onSubmittedWorkDone',
        async () => {
          empty.program.run();
          await orLost(gpu, gpu.device.queue.onSubmittedWorkDone());
        },
        count,
      ),
      readbackLatency: await readbackLatency(gpu, count),
    };
  } finally {
    empty.dispose();
  }
}

function sizesFor(gpu: Gpu): Sizes {
  const { software } = gpu.info;
  const most = Math.min(gpu.device.limits.maxStorageBufferBindingSize, gpu.device.limits.maxBufferSize);
  const sizes = software ? SOFTWARE : GPU;
  return { ...sizes, copyBytes: Math.min(sizes.copyBytes, 256 * Math.floor(most / 256)) };
}

async function probe(
  gpu: Gpu,
  label: string,
  call: KernelCall,
  bytes: Readonly<Record<string, number>>,
): Promise<Probe> {
  const operands: Record<string, Placement> = {};
  for (const [name, size] of Object.entries(bytes)) {
    const buffer = gpu.device.createBuffer({
      label: `${label} ${name}`,
      size,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    operands[name] = { buffer, offset: 0, replicaStride: 0 };
  }
  const buffers = Object.values(operands).map(({ buffer }) => buffer);
  const program = await Program.record(gpu, label, [{ label, call, operands, replicas: 1 }], buffers);
  return { program, dispose: () => program.dispose() };
}

/** A way to reach a ceiling, and what a run of it does, in units of 10⁻⁹ of the ceiling's a second. */
interface Way {
  readonly by: string;
  readonly work: number;
  readonly probe: () => Promise<Probe>;
}

/** The ceiling by whichever way is fastest; the others are looked at once. */
async function highest(
  unit: 'GB/s' | 'GFLOP/s',
  ways: readonly Way[],
  clock: BenchClock,
  count: number,
): Promise<Ceiling> {
  let best: { way: Way; rate: number; prepared: Probe; repeats: number } | null = null;
  try {
    for (const way of ways) {
      const prepared = await way.probe();
      const { repeats, milliseconds } = await fillingRepeats(clock, prepared.program);
      const rate = way.work / milliseconds;
      if (best && best.rate >= rate) {
        prepared.dispose();
        continue;
      }
      best?.prepared.dispose();
      best = { way, rate, prepared, repeats };
    }
    const { way, prepared, repeats } = best!;
    const rates: number[] = [];
    for (let i = 0; i < count; i++) {
      const milliseconds = (await clock.time(prepared.program, repeats)) / repeats;
      rates.push(way.work / (milliseconds * 1e6));
    }
    return ceiling(unit, way.by, rates);
  } finally {
    best?.prepared.dispose();
  }
}

function copyBandwidth(gpu: Gpu, clock: BenchClock, count: number): Promise<Ceiling> {
  const { copyBytes } = sizesFor(gpu);
  const ways = EACH.map((each) => ({
    by: `ceilings/copyBandwidth EACH=${each} over ${copyBytes / 2 ** 20} MiB`,
    work: 2 * copyBytes,
    probe: () =>
      probe(gpu, `copy, ${each} vectors each`, copyCall(copyBytes / 16, each), {
        x: copyBytes,
        y: copyBytes,
      }),
  }));
  return highest('GB/s', ways, clock, count);
}

function fmaPeak(gpu: Gpu, clock: BenchClock, count: number): Promise<Ceiling> {
  const { invocations, rounds } = sizesFor(gpu);
  const ways = CHAINS.map((chains) => ({
    by: `ceilings/fmaPeak CHAINS=${chains}`,
    work: 8 * chains * rounds * invocations,
    probe: () => fmaProbe(gpu, chains),
  }));
  return highest('GFLOP/s', ways, clock, count);
}

async function dispatchCost({ program }: Probe, clock: BenchClock, count: number): Promise<Ceiling> {
  const { repeats } = await fillingRepeats(clock, program);
  const samples: number[] = [];
  for (let i = 0; i < count; i++) samples.push((1000 * (await clock.time(program, repeats))) / repeats);
  return ceiling('µs', `${repeats} empty dispatches in a pass`, samples);
}

async function latency(by: string, once: () => Promise<void>, count: number): Promise<Ceiling> {
  const samples: number[] = [];
  for (let i = -3; i < count; i++) {
    const started = performance.now();
    await once();
    if (i >= 0) samples.push(1000 * (performance.now() - started));
  }
  return ceiling('µs', by, samples);
}

async function readbackLatency(gpu: Gpu, count: number): Promise<Ceiling> {
  const { device } = gpu;
  const from = device.createBuffer({ label: 'read-back source', size: 4, usage: GPUBufferUsage.COPY_SRC });
  const to = device.createBuffer({
    label: 'read-back',
    size: 4,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  try {
    return await latency(
      'a copy of four bytes, to mapAsync',
      async () => {
        const encoder = device.createCommandEncoder({ label: 'read-back' });
        encoder.copyBufferToBuffer(from, 0, to, 0, 4);
        device.queue.submit([encoder.finish()]);
        await orLost(gpu, to.mapAsync(GPUMapMode.READ));
        to.getMappedRange();
        to.unmap();
      },
      count,
    );
  } finally {
    from.destroy();
    to.destroy();
  }
}

function ceiling(unit: Ceiling['unit'], by: string, values: readonly number[]): Ceiling {
  const { median, q1, q3, samples } = timingOf(values);
  return { unit, median, q1, q3, samples, by };
}
