import type { Gpu } from '../gpu/device.ts';
import type { KernelCall } from '../gpu/kernelCall.ts';
import { orLost } from '../gpu/orLost.ts';
import { type Placement, Program } from '../gpu/program.ts';
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

const SOFTWARE: Sizes = { copyBytes: 2 ** 25, invocations: 4096, rounds: 512 };
const GPU: Sizes = { copyBytes: 2 ** 28, invocations: 2 ** 18, rounds: 1024 };
/** Vectors an invocation of the copy, and chains of the fma: which is fastest differs by adapter, so all are tried. */
const EACH = [1, 4, 16];
const CHAINS = [1, 2, 4, 8];
/** |factor| < 1: no chain overflows, and none becomes a denormal. */
const CHAIN = { factor: 0.999, addend: 0.001 };
const LEAST_SAMPLES = 3;

/** A program over buffers of its own. */
export interface Probe {
  readonly program: Program;
  dispose(): void;
}

/** Something to time. */
interface Timed {
  /** Milliseconds that so many runs take. */
  readonly time: (repeats: number) => Promise<number>;
  dispose(): void;
}

/** A pass of fma chains, which lasts some milliseconds. */
export function fmaProbe(gpu: Gpu, chains = CHAINS[1]!): Promise<Probe> {
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

/** A way to reach a ceiling: the bytes or flops of a run. */
interface Way {
  readonly by: string;
  readonly work: number;
  readonly open: () => Promise<Timed>;
}

/** The ceiling by whichever way is fastest; the others are looked at once. */
async function highest(unit: 'GB/s' | 'GFLOP/s', ways: readonly Way[], count: number): Promise<Ceiling> {
  let best: { way: Way; rate: number; timed: Timed; repeats: number } | null = null;
  try {
    for (const way of ways) {
      const timed = await way.open();
      const { repeats, milliseconds } = await fillingRepeats(timed.time);
      const rate = way.work / milliseconds;
      if (best && best.rate >= rate) {
        timed.dispose();
        continue;
      }
      best?.timed.dispose();
      best = { way, rate, timed, repeats };
    }
    const { way, timed, repeats } = best!;
    const rates: number[] = [];
    for (let i = 0; i < count; i++) rates.push((way.work * repeats) / ((await timed.time(repeats)) * 1e6));
    return ceiling(unit, way.by, rates);
  } finally {
    best?.timed.dispose();
  }
}

async function timedProbe(clock: BenchClock, probe: Promise<Probe>): Promise<Timed> {
  const { program, dispose } = await probe;
  return { time: (repeats) => clock.time(program, repeats), dispose };
}

/** By kernels, and by the command that copies buffers, which may go ways that no kernel can. */
function copyBandwidth(gpu: Gpu, clock: BenchClock, count: number): Promise<Ceiling> {
  const { copyBytes } = sizesFor(gpu);
  const over = `over ${copyBytes / 2 ** 20} MiB`;
  const work = 2 * copyBytes;
  const kernels = EACH.map((each) => ({
    by: `ceilings/copyBandwidth EACH=${each} ${over}`,
    work,
    open: () => {
      const call = copyCall(copyBytes / 16, each);
      return timedProbe(
        clock,
        probe(gpu, `copy, ${each} vectors each`, call, { x: copyBytes, y: copyBytes }),
      );
    },
  }));
  const command = {
    by: `copyBufferToBuffer ${over}, wall clock`,
    work,
    open: () => copyCommand(gpu, copyBytes),
  };
  return highest('GB/s', [...kernels, command], count);
}

async function copyCommand(gpu: Gpu, size: number): Promise<Timed> {
  const { device } = gpu;
  const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const [x, y] = ['x', 'y'].map((label) =>
    device.createBuffer({ label: `copied ${label}`, size, usage }),
  ) as [GPUBuffer, GPUBuffer];
  return {
    time: async (repeats) => {
      const encoder = device.createCommandEncoder({ label: 'copies' });
      // There and back: no copy overwrites what the one before has written, so none can be left out.
      for (let i = 0; i < repeats; i++) encoder.copyBufferToBuffer(i % 2 ? y : x, 0, i % 2 ? x : y, 0, size);
      const started = performance.now();
      device.queue.submit([encoder.finish()]);
      await orLost(gpu, device.queue.onSubmittedWorkDone());
      return performance.now() - started;
    },
    dispose: () => {
      x.destroy();
      y.destroy();
    },
  };
}

function fmaPeak(gpu: Gpu, clock: BenchClock, count: number): Promise<Ceiling> {
  const { invocations, rounds } = sizesFor(gpu);
  const ways = CHAINS.map((chains) => ({
    by: `ceilings/fmaPeak CHAINS=${chains}`,
    work: 8 * chains * rounds * invocations,
    open: () => timedProbe(clock, fmaProbe(gpu, chains)),
  }));
  return highest('GFLOP/s', ways, count);
}

async function dispatchCost({ program }: Probe, clock: BenchClock, count: number): Promise<Ceiling> {
  const { repeats } = await fillingRepeats((n) => clock.time(program, n));
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
