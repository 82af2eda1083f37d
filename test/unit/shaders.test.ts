import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import { everyTrial } from '../../src/bench/everyTrial.ts';
import { listKernels, readKernel } from '../../src/build/readKernel.ts';
import { splitHeader } from '../../src/build/splitHeader.ts';
import type { MatmulShape } from '../../src/ops/plans/matmulPlan.ts';
import { shapeTrial } from '../../src/selftest/cases/products.ts';
import { emulatedGpu, type Race } from '../../src/selftest/emulatedGpu.ts';
import { prepareTrial, runTrial, trialsFor } from '../../src/selftest/runTrial.ts';
import { GPU_CONSTANTS } from './gpuConstants.ts';

const SHADERS = fileURLToPath(new URL('../../shaders/', import.meta.url));
const codeOf = (name: string): string => readFileSync(`${SHADERS}${name}.wgsl`, 'utf8');
const files = readdirSync(SHADERS, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.wgsl'))
  .map((path) => path.replaceAll('\\', '/').replace(/\.wgsl$/, ''));
const shared = files.filter((file) => file.startsWith('shared/'));
const kernels = await Promise.all(listKernels().map(({ file, conditions }) => readKernel(file, conditions)));
const texts = new Map(kernels.map(({ text }) => [text.name, text]));
const names = [...texts.keys()];

beforeAll(() => {
  for (const [name, value] of Object.entries(GPU_CONSTANTS)) vi.stubGlobal(name, value);
});

describe.each([...texts.values()])('$name', (source) => {
  const { name, file, written, linked } = source;
  const statements = linked.replace(/\/\/.*$/gm, '');
  const hasKnobs = Object.keys(source.knobs).length > 0;

  test('says what it computes, its layout, knobs, order of sums and cost', () => {
    const header = splitHeader(written).header.trimEnd();
    const lines = header.split('\n');
    expect(lines[0]).toMatch(new RegExp(`^// ${file.split('/')[1]}: \\S`));
    const sections = lines.flatMap((line) => /^\/\/ (Layout|Knobs|Order|Cost): \S/.exec(line)?.[1] ?? []);
    expect(sections).toEqual(['Layout', ...(hasKnobs ? ['Knobs'] : []), 'Order', 'Cost']);
    expect(linked.startsWith(header)).toBe(true);
    if (hasKnobs) {
      const end = linked.indexOf('// end knobs');
      expect(end).toBeGreaterThan(0);
      expect(end).toBeLessThan(linked.indexOf('struct Params'));
    }
  });

  test('has the parameters and bindings that the engine fills', () => {
    expect(source.params.map(({ offset }) => offset)).toEqual(source.params.map((_, i) => 4 * i));
    expect(source.paramsBytes).toBeLessThanOrEqual(256);
    expect(source.bindings.map(({ binding }) => binding)).toEqual(source.bindings.map((_, i) => i + 1));
    expect(source.bindings.length).toBeLessThanOrEqual(8);
    for (const { element } of source.bindings)
      expect(element).toMatch(/^([fu]32|f16|vec[24][fuh]|vec4|atomic)$/);
  });

  test('keeps to the default limits and to what every implementation has', () => {
    expect(source.workgroupBytes).toBeLessThanOrEqual(16_384);
    expect(source.workgroupSize.reduce((product, extent) => product * extent)).toBeLessThanOrEqual(256);
    // Integers may be added up in any order; by exchange, floats could be too.
    expect(statements).not.toMatch(/\batomic\w*xchange|\boverride\b/i);
    if (/^enable /m.test(linked)) expect(name).toMatch(/(Subgroup|F16)$/);
  });
});

describe('shared functions', () => {
  test.each(shared)('%s says what it is of, and a kernel imports it', (file) => {
    expect(codeOf(file)).toMatch(new RegExp(`^// ${file.split('/')[1]}: \\S[^\\n]*(\\n// [^\\n]*)*\\n\\n`));
    expect(codeOf(file)).not.toContain('@compute');
    expect(kernels.filter((kernel) => kernel.files.includes(file)).length).toBeGreaterThan(0);
  });

  test('what stands in an @if is a condition that some kernel is linked with', () => {
    const known = new Set(listKernels().flatMap(({ conditions }) => conditions));
    const used = files.flatMap((file) =>
      [...codeOf(file).matchAll(/@(?:el)?if\(([^)]*)\)/g)].flatMap(([, words]) => words!.match(/\w+/g)!),
    );
    expect(used.length).toBeGreaterThan(10);
    expect([...new Set(used)].filter((word) => !known.has(word))).toEqual([]);
  });
});

const adapters = {
  'a GPU': {},
  'a GPU with shader-f16': { f16: true },
  'a CPU': { software: true },
  'a CPU with subgroups of 4': { software: true, subgroupSize: 4 },
  'a CPU with subgroups of 8': { software: true, subgroupSize: 8 },
};
const trials = Object.values(everyTrial).flatMap((make) => make());

test('every variant that a planner chooses is the WGSL of its kernel, and the self-test runs every kernel', async () => {
  const kernels = new Set(['selftest/compensatedSum']);
  const seen = new Set<string>();
  for (const adapter of Object.values(adapters)) {
    const { gpu, variants } = emulatedGpu(adapter);
    for (const trial of trialsFor(gpu, trials)) (await prepareTrial(gpu, trial)).dispose();
    for (const [label, code] of variants) {
      const kernel = label.split(' ')[0]!;
      kernels.add(kernel);
      if (seen.has(code)) continue;
      seen.add(code);
      const variant = new WgslReflect(code);
      const source = texts.get(kernel)!;
      expect(
        variant.entry.compute.map((entry) => entry.name),
        label,
      ).toEqual(['main']);
      expect(new Map(variant.storage.map((binding) => [binding.binding, binding.name])), label).toEqual(
        new Map(source.bindings.map((binding) => [binding.binding, binding.name])),
      );
      expect(code, label).not.toContain('// unroll');
    }
  }
  // A kernel named here needs a trial in src/selftest/cases.
  expect(names.filter((name) => !kernels.has(name))).toEqual([]);
}, 120_000);

/**
 * Kernels that the interpreter can run: it shares a function's arguments between the invocations of a workgroup, assigns
 * no whole arrays, multiplies large integers inexactly, and casts no bits of vectors and NaNs.
 */
const INTERPRETED = [
  'moments/merge',
  'perExample/denseNorms',
  'perExample/groupGram',
  'reduce/max',
  'reduce/pick',
  'reduce/spread',
  'reduce/sum',
  'sequence/permute',
  'sequence/slice',
  'sequence/embedding',
  'structure/accumulate',
  'structure/append',
  'structure/broadcast',
  'structure/copy',
  'structure/fill',
  'structure/joinRows',
  'structure/unitVector',
  'training/advance',
  'training/adam',
  'training/average',
  'training/capture',
  'training/captureMean',
  'training/record',
  'training/sgd',
  'training/swag',
];

test.for(INTERPRETED)(
  '%s has no races, and leaves what its reference does',
  { timeout: 60_000 },
  async (kernel) => {
    const elements = ({ operands }: (typeof trials)[number]): number =>
      Object.values(operands).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    const small = trials.filter((trial) => trial.kernel === kernel && !trial.asGpu && elements(trial) < 400);
    expect(small.length).toBeGreaterThan(0);
    let run = 0;
    for (const trial of small.sort((a, b) => elements(b) - elements(a))) {
      const { gpu, races } = emulatedGpu();
      const prepared = await prepareTrial(gpu, trial);
      // Of a family the planner may have chosen another kernel.
      if (!prepared.program.dispatches.some((dispatch) => dispatch.kernel === kernel)) continue;
      if (prepared.compared.some((state) => state.elements > 1000) || run++ === 3) continue;
      expect(await runTrial(gpu, prepared), trial.name).toMatchObject({ ok: true });
      expect(races, trial.name).toEqual([]);
      prepared.dispose();
    }
  },
);

/** What is said of four invocations that hand numbers on three times, `before` their writing of them and before their reading. */
async function racesOf(before: string): Promise<readonly Race[]> {
  const { gpu, races } = emulatedGpu();
  const { device } = gpu;
  const code = `
    @group(0) @binding(1) var<storage, read_write> sums: array<u32>;
    var<workgroup> tile: array<u32, 4>;
    @compute @workgroup_size(4) fn main(@builtin(local_invocation_index) local: u32) {
      var sum = 0u;
      for (var i = 0u; i < 3u; i++) {
        ${before}
        tile[local] = i;
        workgroupBarrier();
        sum += tile[3u - local];
      }
      sums[local] = sum;
    }`;
  const module = device.createShaderModule({ label: 'hand on', code });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE });
  const layout = device.createBindGroupLayout({ entries: [] });
  pass.setBindGroup(0, device.createBindGroup({ layout, entries: [{ binding: 1, resource: { buffer } }] }));
  pass.dispatchWorkgroups(1);
  pass.end();
  device.queue.submit([encoder.finish()]);
  return races;
}

test('a race is found where a barrier is missing, and none where a block begins with one', async () => {
  expect((await racesOf('')).length).toBeGreaterThan(0);
  expect(await racesOf('workgroupBarrier();')).toEqual([]);
});

/** Kernels of products that stage operands or add up lanes in workgroup memory, on a few outputs of one workgroup or two. */
const STAGED: Record<string, [MatmulShape, string]> = {
  'matmul/matmulTiledVec4': [{ form: 'NN', m: 33, n: 20, k: 20 }, 'tiled 32×32×16'],
  'matmul/matmulTiled': [{ form: 'NT', m: 17, n: 33, k: 17 }, 'tiled 32×32×16'],
  'matmul/matmulTiled in slices': [
    { form: 'TN', m: 17, n: 9, k: 70, columnSum: true },
    'tiled 16×16×64 in 16',
  ],
  'matmul/matvec': [{ form: 'NT', m: 1, n: 9, k: 37 }, 'matrix–vector, 8 by 8 lanes'],
  // A whole tile is the least it takes; two of k, the second half empty. One operand is staged in fours, one number by number.
  'matmul/matmulLargeNN': [{ form: 'NN', m: 128, n: 128, k: 12 }, 'large 128×128×8'],
};

test.for(Object.entries(STAGED))(
  '%s has no races',
  { timeout: 180_000 },
  async ([kernel, [shape, variant]]) => {
    const { gpu, races } = emulatedGpu();
    const prepared = await prepareTrial(gpu, shapeTrial(shape, { asGpu: true, variant }));
    expect(await runTrial(gpu, prepared)).toMatchObject({ kernel: kernel.split(' ')[0], ok: true });
    expect(races).toEqual([]);
    prepared.dispose();
  },
);
