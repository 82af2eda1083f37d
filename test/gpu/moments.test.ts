import { beforeAll, describe, expect, it } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import { type Placement, Program } from '../../src/gpu/program.ts';
import { aligned, State } from '../../src/gpu/state.ts';
import type { KernelTarget } from '../../src/ops/op.ts';
import { type DenseMomentsShape, planDenseMoments } from '../../src/ops/plans/momentsPlan.ts';
import { type DenseMoments, denseMoments } from '../../src/reference/moments.ts';
import { testGpu } from './device.ts';

let gpu: Gpu;
let targets: Record<string, KernelTarget>;

beforeAll(async () => {
  gpu = await testGpu();
  const size = (gpu.device.adapterInfo as GPUAdapterInfo & { subgroupMinSize?: number }).subgroupMinSize ?? 0;
  const subgroups = gpu.device.features.has('subgroups');
  targets = {
    'CPU with subgroups': { kind: 'cpu', subgroups, subgroupSize: size },
    'CPU without subgroups': { kind: 'cpu', subgroups: false, subgroupSize: 0 },
    GPU: { kind: 'gpu', subgroups, subgroupSize: size },
  };
});

/** Uniform in [-1, 1), the same for the same seed. */
function random(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

type Moments = { [K in keyof DenseMoments]: Float32Array };

/** One set of moments a replica, of operands given a replica each (or one that all share). */
async function run(
  shape: DenseMomentsShape,
  target: KernelTarget,
  xs: Float32Array[],
  ds: Float32Array[],
): Promise<Moments[]> {
  const { batch, inputs, outputs, bias } = shape;
  const replicas = Math.max(xs.length, ds.length);
  const weight = inputs * outputs;
  const start = 64;
  const biasAt = start + aligned(weight);
  const upload = (label: string, values: Float32Array[]): State => {
    const own = values.length === replicas && replicas > 1;
    const state = new State(gpu, { label, shape: [values[0]!.length], replicas: own ? replicas : undefined });
    values.forEach((v, replica) => {
      state.write(v, { replica });
    });
    return state;
  };
  const [x, d] = [upload('x', xs), upload('d', ds)];
  const [gradient, variance] = ['gradient', 'variance'].map(
    (label) => new State(gpu, { label, shape: [biasAt + outputs], replicas }),
  ) as [State, State];
  const place = ({ buffer, replicaStride }: State, offset: number): Placement => ({
    buffer,
    offset,
    replicaStride,
  });
  const plan = planDenseMoments(shape, target);
  const norms = new State(gpu, { label: 'norms', shape: [2 * aligned(batch)], replicas });
  const operands = {
    x: place(x, 0),
    d: place(d, 0),
    gradient: place(gradient, start),
    variance: place(variance, start),
    ...(plan.norms && { norms: place(norms, 0) }),
  };
  const call = {
    ...plan.call,
    params: {
      ...plan.call.params,
      biasGradientOffset: biasAt,
      biasVarianceOffset: biasAt,
      biasNormsOffset: aligned(batch),
    },
  };
  const program = await Program.record(gpu, 'moments', [{ label: 'moments', call, operands, replicas }]);
  program.run();
  const found: Moments[] = [];
  for (let r = 0; r < replicas; r++) {
    const [g, v] = [await gradient.read(r), await variance.read(r)];
    for (const values of [g, v]) {
      expect(values.subarray(0, start).every((value) => value === 0)).toBe(true);
      expect(values.subarray(start + weight, biasAt).every((value) => value === 0)).toBe(true);
      if (!bias) expect(values.subarray(biasAt).every((value) => value === 0)).toBe(true);
    }
    found.push({
      gradient: g.slice(start, start + weight),
      variance: v.slice(start, start + weight),
      biasGradient: g.slice(biasAt),
      biasVariance: v.slice(biasAt),
    });
  }
  for (const disposable of [program, x, d, gradient, variance, norms]) disposable.dispose();
  return found;
}

const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
const median = (values: Float64Array): number => values.sort()[values.length >> 1]!;
const total = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);

/** Largest difference, as a part of the largest entry wanted. */
function relative(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  const scale = largest(wanted) || 1;
  return largest(Array.from(wanted, (w, i) => (found[i]! - w) / scale));
}

function expectClose(found: Moments, wanted: DenseMoments, bias: boolean): void {
  expect(relative(found.gradient, wanted.gradient)).toBeLessThan(2e-6);
  expect(relative(found.variance, wanted.variance)).toBeLessThan(5e-6);
  if (!bias) return;
  expect(relative(found.biasGradient, wanted.biasGradient)).toBeLessThan(2e-6);
  expect(relative(found.biasVariance, wanted.biasVariance)).toBeLessThan(5e-6);
}

describe.each(['CPU with subgroups', 'CPU without subgroups', 'GPU'])('dense moments, %s', (name) => {
  it('are right for odd shapes and tile edges', async () => {
    for (const [batch, inputs, outputs, bias] of [
      [1, 1, 1, true],
      [2, 33, 1, true],
      [65, 1, 127, true],
      [33, 127, 65, true],
      [64, 196, 128, true],
      [64, 128, 10, true],
      [127, 65, 33, false],
      [16, 68, 36, true],
      [5, 260, 12, true],
    ] as const) {
      const shape = { batch, inputs, outputs, bias };
      const [x, d] = [random(batch * inputs, 1), random(batch * outputs, 2)];
      const [found] = await run(shape, targets[name]!, [x], [d]);
      expectClose(found!, denseMoments(x, d, shape), bias);
    }
  });

  it('vanish exactly for equal examples', async () => {
    for (const [inputs, outputs] of [
      [33, 17],
      [64, 32],
    ] as const) {
      const shape = { batch: 77, inputs, outputs, bias: true };
      const [row, delta] = [random(inputs, 3), random(outputs, 4)];
      const x = Float32Array.from({ length: 77 * inputs }, (_, i) => row[i % inputs]!);
      const d = Float32Array.from({ length: 77 * outputs }, (_, i) => delta[i % outputs]!);
      const [found] = await run(shape, targets[name]!, [x], [d]);
      expect(largest(found!.variance)).toBe(0);
      expect(largest(found!.biasVariance)).toBe(0);
    }
  });

  // A trace hides what single coordinates show, so both are held.
  it('keep three digits when the variance is 1e-8 of the squared mean', async () => {
    for (const [batch, inputs, outputs] of [
      [128, 45, 23],
      [128, 64, 32],
      [512, 64, 32],
    ] as const) {
      const shape = { batch, inputs, outputs, bias: true };
      const noise = [random(batch * inputs, 5), random(batch * outputs, 6)];
      // Uniform noise of standard deviation 1e-4 / √2 in each factor: 1e-4 in their product.
      const spread = 1e-4 * Math.sqrt(3 / 2);
      const x = noise[0]!.map((v, i) => (0.5 + (i % inputs) / inputs) * (1 + spread * v));
      const d = noise[1]!.map((v, i) => (0.5 + (i % outputs) / outputs) * (1 + spread * v));
      const [found] = await run(shape, targets[name]!, [x], [d]);
      const wanted = denseMoments(x, d, shape);
      expect(wanted.variance[0]! / batch / wanted.gradient[0]! ** 2).toBeLessThan(2e-8);
      expect(relative(found!.gradient, wanted.gradient)).toBeLessThan(2e-6);
      expect(Math.abs(total(found!.variance) / total(wanted.variance) - 1)).toBeLessThan(1e-3);
      expect(median(wanted.variance.map((w, i) => Math.abs(found!.variance[i]! / w - 1)))).toBeLessThan(1e-3);
      expect(largest(wanted.variance.map((w, i) => found!.variance[i]! / w - 1))).toBeLessThan(1e-3);
      expect(largest(wanted.biasVariance.map((w, i) => found!.biasVariance[i]! / w - 1))).toBeLessThan(1e-3);
    }
  });

  // The least favourable shift: the bound of the relative error is 3 B² u.
  it('are not negative when the first example is the odd one out', async () => {
    for (const inputs of [5, 8]) {
      for (const batch of [256, 2048]) {
        const shape = { batch, inputs, outputs: 9, bias: true };
        const x = random(batch * inputs, 7).map((v, i) => (i < inputs ? 3 + v : 1 + 1e-4 * v));
        const d = random(batch * 9, 8).map((v, i) => (i < 9 ? 3 + v : 1 + 1e-4 * v));
        const [found] = await run(shape, targets[name]!, [x], [d]);
        expect(Math.min(...found!.variance, ...found!.biasVariance)).toBeGreaterThan(0);
        const bound = 3 * batch ** 2 * 2 ** -24;
        expect(relative(found!.variance, denseMoments(x, d, shape).variance)).toBeLessThan(bound);
      }
    }
  });

  it('give each of three replicas the bits it has alone, and the same bits twice', async () => {
    for (const [inputs, outputs] of [
      [33, 18],
      [64, 32],
    ] as const) {
      const shape = { batch: 20, inputs, outputs, bias: true };
      const xs = [11, 12, 13].map((seed) => random(20 * inputs, seed));
      const ds = [21, 22, 23].map((seed) => random(20 * outputs, seed));
      const three = await run(shape, targets[name]!, xs, ds);
      expect(await run(shape, targets[name]!, xs, ds)).toEqual(three);
      for (let r = 0; r < 3; r++) {
        expect((await run(shape, targets[name]!, [xs[r]!], [ds[r]!]))[0]).toEqual(three[r]);
        expectClose(three[r]!, denseMoments(xs[r]!, ds[r]!, shape), true);
      }
      const shared = await run(shape, targets[name]!, [xs[0]!], ds);
      expect(shared[0]).toEqual(three[0]);
      expectClose(shared[2]!, denseMoments(xs[0]!, ds[2]!, shape), true);
    }
  });
});
