import { beforeEach, expect, it, vi } from 'vitest';
import { compile } from '../../src/autograd/compile.ts';
import { Arena } from '../../src/gpu/arena.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { isCompiled } from '../../src/gpu/pipeline.ts';
import type { Program } from '../../src/gpu/program.ts';
import { State } from '../../src/gpu/state.ts';
import { Graph, matmul, read, store } from '../../src/ops/index.ts';
import { matmul as reference } from '../../src/reference/matmul.ts';
import { testGpu } from './device.ts';

/** Of quads in fours, and of one invocation a tile: neither 65 nor 33 comes in fours. */
const FOURS = [33, 64, 128] as const;
const RAGGED = [33, 65, 127] as const;

let gpu: Gpu;
let variants: string[];

// A device of its own to the cache of pipelines, where nothing is compiled yet, which tells what is.
beforeEach(async () => {
  const shared = await testGpu();
  variants = [];
  const device = new Proxy(shared.device, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: { label?: string }[]) => {
        if (name === 'createComputePipelineAsync') {
          variants.push(/LANES=\d FOURS_N=\d|TILE_M=\d TILE_N=\d/.exec(args[0]!.label!)![0]);
        }
        return value.apply(target, args);
      };
    },
  });
  gpu = { ...shared, device };
});

async function product(
  use: (program: Program, result: () => Promise<Float32Array>) => Promise<void>,
  { soon = true, shape: [M, N, K] = FOURS as readonly [number, number, number] } = {},
): Promise<void> {
  const graph = new Graph();
  const values = [M * K, K * N].map((length) =>
    Float32Array.from({ length }, (_, i) => ((i * 37) % 23) / 23 - 0.5),
  );
  const a = new State(gpu, { label: 'a', shape: [M, K] });
  const b = new State(gpu, { label: 'b', shape: [K, N] });
  const c = new State(gpu, { label: 'c', shape: [M, N] });
  a.write(values[0]!);
  b.write(values[1]!);
  store(c, matmul('NN', read(graph, a), read(graph, b)));
  const arena = new Arena(gpu);
  const program = await compile(gpu, graph, { label: 'product', replicas: 1, arena, soon });
  const wanted = reference('NN', values[0]!, values[1]!, { m: M, n: N, k: K });
  await use(program, async () => {
    const found = await c.read();
    for (let i = 0; i < wanted.length; i++) expect(Math.abs(found[i]! - wanted[i]!)).toBeLessThan(1e-5);
    c.write(new Float32Array(M * N));
    return found;
  });
  for (const disposable of [program, arena, a, b, c]) disposable.dispose();
}

it('a program that runs once runs what compiles soonest; again, what was planned is compiled beside, and gives the same bits', async () => {
  await product(async (program, result) => {
    const [planned] = program.dispatches;
    expect(planned!.knobs).toMatchObject({ LANES: 4, FOURS_N: 2 });
    program.run();
    const first = await result();
    expect(variants).toEqual(['LANES=2 FOURS_N=1']);

    program.run();
    expect(await result()).toEqual(first);
    await vi.waitUntil(() => isCompiled(gpu, planned!.source, planned!.knobs), { timeout: 20_000 });
    expect(variants).toEqual(['LANES=2 FOURS_N=1', 'LANES=4 FOURS_N=2']);
    program.run();
    expect(await result()).toEqual(first);
  });
  // Where the planned kernel is there, nothing stands in for it.
  await product(async (program, result) => {
    expect(program.dispatches[0]!.pipeline.label).toContain('LANES=4 FOURS_N=2');
    program.run();
    await result();
  });
  expect(variants).toHaveLength(2);
});

it('what is not to be ready soon waits for what was planned', async () => {
  await product(
    async (program, result) => {
      program.run();
      await result();
    },
    { soon: false },
  );
  expect(variants).toEqual(['LANES=4 FOURS_N=2']);
});

it('a small product of any shape begins with a smaller tile, and gives the same bits', async () => {
  const { info, device } = await testGpu();
  const { subgroupMinSize } = device.adapterInfo as { subgroupMinSize?: number };
  expect([info.software, subgroupMinSize]).toEqual([true, 4]);
  await product(
    async (program, result) => {
      const [planned] = program.dispatches;
      expect(planned!.knobs).toMatchObject({ TILE_M: 4, TILE_N: 8 });
      program.run();
      const first = await result();
      expect(variants).toEqual(['TILE_M=2 TILE_N=2']);
      await program.replaceStandIns();
      expect(variants).toEqual(['TILE_M=2 TILE_N=2', 'TILE_M=4 TILE_N=8']);
      program.run();
      expect(await result()).toEqual(first);
    },
    { shape: RAGGED },
  );
});
