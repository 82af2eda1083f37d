import { beforeAll, describe, expect, it } from 'vitest';
import { compile, kernelTarget } from '../../src/autograd/compile.ts';
import { Arena } from '../../src/gpu/arena.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { RunKernels } from '../../src/gpu/runKernels.ts';
import { State } from '../../src/gpu/state.ts';
import { deviceTimer, type Timer } from '../../src/gpu/tuner.ts';
import { Graph, matmul, read, store } from '../../src/ops/index.ts';
import { convDemand } from '../../src/ops/plans/convPlan.ts';
import { type MatmulShape, matmulCandidates, matmulDemand } from '../../src/ops/plans/matmulPlan.ts';
import { denseMomentsDemand } from '../../src/ops/plans/momentsPlan.ts';
import { normDemand } from '../../src/ops/plans/normPlan.ts';
import { sumDemand } from '../../src/ops/plans/sumPlan.ts';
import { matmul as reference } from '../../src/reference/matmul.ts';
import { matmulTrial } from '../../src/selftest/cases/matmul.ts';
import { prepareTrial } from '../../src/selftest/runTrial.ts';
import { withTunedKernels } from '../../src/tuning/chosenKernels.ts';
import { kernelVersions } from '../../src/tuning/kernelVersions.ts';
import { deviceOf, EMPTY_TABLE, merge, type TunedEntry } from '../../src/tuning/tunedTable.ts';
import { type TuneResult, tuneJob } from '../../src/tuning/tuneJob.ts';
import { tuneKernel } from '../../src/tuning/tuneKernel.ts';
import { testGpu } from './device.ts';

const SHAPE: MatmulShape = { form: 'NT', m: 33, n: 20, k: 36 };
const noHost = { read: () => Promise.reject(new Error('nothing to read')) };

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

/** As if one variant took 1 ms a run, and every other 2 ms. */
const favouring =
  (name: string): Timer =>
  async ({ label }, repeats) =>
    repeats * (label.endsWith(`, ${name}`) ? 1 : 2);

const tune = (demand: Parameters<typeof tuneKernel>[1], timer: Timer): Promise<TunedEntry> =>
  tuneKernel(gpu, demand, kernelVersions(kernelTarget(gpu))[demand.family]!, timer, '2026-01-31');

describe('the tuner', () => {
  it('names the fastest of all variants, which are right', async () => {
    const names = matmulCandidates(SHAPE, kernelTarget(gpu)).map(({ name }) => name);
    const entry = await tune(matmulDemand(SHAPE), favouring('tiles 2×2'));
    expect(entry).toMatchObject({ variant: 'tiles 2×2', default: names[0], excluded: {} });
    expect(Object.keys(entry.times).sort()).toEqual([...names].sort());
    expect(entry.times['tiles 2×2']).toEqual([1, 0]);
    expect((await tune(matmulDemand(SHAPE), async (_, repeats) => repeats)).variant).toBe(names[0]);
  });

  it('tells what does not compile or is wrong, and drops the hopeless', async () => {
    // No one else compiles these knobs, so that none comes from the device's cache of pipelines.
    const shape: MatmulShape = { form: 'NN', m: 9, n: 8, k: 7, mask: 'sigmoid' };
    const { device } = gpu;
    const refusing = Object.create(device, {
      createComputePipelineAsync: {
        value: (descriptor: GPUComputePipelineDescriptor) =>
          descriptor.label?.includes('TILE_M=2 ')
            ? Promise.reject(new Error('refused'))
            : device.createComputePipelineAsync(descriptor),
      },
      createShaderModule: {
        value: ({ label, code }: GPUShaderModuleDescriptor) =>
          device.createShaderModule({
            label,
            code: label?.includes('TILE_M=4 TILE_N=4')
              ? code.replace(/(sum\[\w+\]\[\w+\]) \+=/g, '$1 -=')
              : code,
          }),
      },
      features: { value: device.features },
      limits: { value: device.limits },
      queue: { value: device.queue },
      adapterInfo: { value: device.adapterInfo },
      ...Object.fromEntries(
        [
          'createBuffer',
          'createBindGroupLayout',
          'createPipelineLayout',
          'createBindGroup',
          'createCommandEncoder',
          'pushErrorScope',
          'popErrorScope',
        ].map((name) => {
          const method = device[name as 'createBuffer'] as (...args: never[]) => unknown;
          return [name, { value: method.bind(device) }];
        }),
      ),
    }) as GPUDevice;
    const time: Timer = async ({ label }, repeats) => repeats * (label.endsWith('tiles 1×1') ? 100 : 1);
    const entry = await tuneKernel(
      { ...gpu, device: refusing },
      matmulDemand(shape),
      'v',
      time,
      '2026-01-31',
    );
    expect(entry.excluded['tiles 2×2']).toMatch(/does not compile: refused/);
    expect(entry.excluded['tiles 4×4']).toMatch(/^the error against float64 is [\d.]+, /);
    expect(entry.times['tiles 4×4']).toBeUndefined();
    expect(entry.times['tiles 1×1']).toEqual([100, null]);
    expect(entry.times['tiles 8×8']).toEqual([1, 0]);
  });

  it('measures moments and convolutions with all their passes', async () => {
    const moments = denseMomentsDemand({ batch: 20, inputs: 16, outputs: 6, bias: true });
    expect(await tune(moments, favouring('tiles 8×8'))).toMatchObject({ variant: 'tiles 8×8', excluded: {} });
    const window = {
      kernelHeight: 3,
      kernelWidth: 3,
      strideHeight: 1,
      strideWidth: 1,
      padHeight: 1,
      padWidth: 1,
    };
    const extents = {
      images: 6,
      channels: 2,
      height: 7,
      width: 5,
      outChannels: 4,
      outHeight: 7,
      outWidth: 5,
    };
    for (const family of ['conv2d', 'conv2dInputGradient', 'conv2dWeightGradient', 'convMoments']) {
      const variant = 'tiles 4×4';
      const demand = convDemand(family, { ...extents, window });
      expect(await tune(demand, favouring(variant)), family).toMatchObject({ variant, excluded: {} });
    }
    const norms = convDemand('convNorms', { ...extents, window }, { unitSize: 1 });
    expect(await tune(norms, favouring('Gram 4×4'))).toMatchObject({ variant: 'Gram 4×4', excluded: {} });
  });

  it('knows sums and normalisations', async () => {
    const variant = 'in fours, chunks ÷ 4';
    const sum = await tune(sumDemand({ outer: 65, reduced: 132, inner: 1 }), favouring(variant));
    expect(sum).toMatchObject({ variant, default: 'in fours', excluded: {} });
    expect(Object.keys(sum.times)).toContain('element by element');
    const squares = await tune(
      sumDemand({ outer: 1, reduced: 1000, inner: 1 }, { terms: 'square' }),
      favouring('element by element'),
    );
    expect(squares).toMatchObject({ variant: 'element by element', excluded: {} });
    const view = { outer: 3, channels: 5, inner: 121 };
    const cut = 'threads, chunks of √n';
    for (const family of ['normalize', 'normalizeTangent'] as const) {
      const entry = await tune(normDemand(family, view, {}), favouring(cut));
      expect(entry, family).toMatchObject({ variant: cut, default: 'threads', excluded: {} });
    }
  });

  it('times both passes of a product whose k is split', async () => {
    const shape: MatmulShape = { form: 'NN', m: 16, n: 16, k: 1024 };
    const asGpu = { ...kernelTarget(gpu), kind: 'gpu' } as const;
    const [split] = matmulCandidates(shape, asGpu);
    expect(split!.name).toMatch(/^split-K by/);
    const prepared = await prepareTrial(gpu, { ...matmulTrial(shape), asGpu: true, variant: split!.name });
    expect(prepared.program.dispatches.map(({ kernel }) => kernel)).toEqual([
      split!.call.source.name,
      'matmul/splitKFinish',
    ]);
    prepared.dispose();
  });

  it('times on the device', async () => {
    const { time, dispose } = deviceTimer(gpu);
    const graph = new Graph();
    const state = new State(gpu, { label: 'a', shape: [16, 16] });
    const out = new State(gpu, { label: 'c', shape: [16, 16] });
    store(out, matmul('NN', read(graph, state), read(graph, state)));
    const arena = new Arena(gpu);
    const program = await compile(gpu, graph, { label: 'timed', replicas: 1, arena });
    for (const repeats of [1, 50]) expect(await time(program, repeats)).toBeGreaterThan(0);
    for (const disposable of [program, arena, state, out, { dispose }]) disposable.dispose();
  });

  it('is a job over named shapes', async () => {
    let result: TuneResult | undefined;
    const spec = { shapes: ['NT:33x20x36', 'NT:34x21x36', 'NT:33x20x36'] };
    for await (const event of tuneJob(gpu, spec, noHost, favouring('tiles 4×4'))) {
      if (event.type === 'result') result = event.result as TuneResult;
    }
    expect(result?.device).toEqual(deviceOf(gpu.info));
    expect(result?.software).toBe(gpu.info.software);
    expect(result?.entries.map(({ key, variant }) => [key, variant])).toEqual([
      ['NT m=33 n=20 k=36', 'tiles 4×4'],
      ['NT m=34 n=21 k=36', 'tiles 4×4'],
    ]);
    await expect(
      tuneJob(gpu, { shapes: ['what'] }, noHost)
        .next()
        .then(() => tuneJob(gpu, { shapes: [] }, noHost).next()),
    ).rejects.toThrow(/shapes/);
  });
});

describe('a tuned choice', () => {
  it('is taken by programs, gives right results, and a record repeats it', async () => {
    const { m, n, k } = SHAPE;
    const a = Float32Array.from({ length: m * k }, (_, i) => ((i * 7) % 13) - 6);
    const b = Float32Array.from({ length: n * k }, (_, i) => ((i * 5) % 11) - 5);
    const product = async (on: Gpu) => {
      const graph = new Graph();
      const states = [
        new State(gpu, { label: 'a', shape: [m, k] }),
        new State(gpu, { label: 'b', shape: [n, k] }),
        new State(gpu, { label: 'c', shape: [m, n] }),
      ] as const;
      states[0].write(a);
      states[1].write(b);
      store(states[2], matmul('NT', read(graph, states[0]), read(graph, states[1])));
      const arena = new Arena(gpu);
      const program = await compile(on, graph, { label: 'product', replicas: 1, arena });
      program.run();
      const values = await states[2].read();
      for (const disposable of [program, arena, ...states]) disposable.dispose();
      // Small integers: every order of summation gives the same.
      expect([...values]).toEqual([...reference('NT', a, b, { m, n, k })]);
      return program.dispatches.at(-1)!.pipeline.label;
    };
    const entry = await tune(matmulDemand(SHAPE), favouring('tiles 2×2'));
    const tuned = withTunedKernels(gpu, merge(EMPTY_TABLE, deviceOf(gpu.info), [entry]));
    expect(await product(tuned)).toContain('TILE_M=2 TILE_N=2');
    const kernels = new RunKernels(tuned);
    await product({ ...gpu, kernels });
    expect(kernels.record).toEqual({ matmul: { 'NT m=33 n=20 k=36': 'tiles 2×2' } });
    expect(await product({ ...gpu, kernels: new RunKernels(gpu, kernels.record) })).toContain(
      'TILE_M=2 TILE_N=2',
    );
    expect(await product(gpu)).not.toContain('TILE_M=2 TILE_N=2');
  });
});
