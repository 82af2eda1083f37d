import matmulCoalesced from '../../../shaders/ladder/matmulCoalesced.wgsl';
import matmulNaive from '../../../shaders/ladder/matmulNaive.wgsl';
import matmulStaged from '../../../shaders/ladder/matmulStaged.wgsl';
import matmulNN from '../../../shaders/matmul/matmulRegister.wgsl?NN';
import matmulNNVec4 from '../../../shaders/matmul/matmulRegisterVec4.wgsl?vec4&NN';
import matmulTiledVec4 from '../../../shaders/matmul/matmulTiled.wgsl?vec4';
import matmulVec4Subgroup from '../../../shaders/matmul/matmulVec4Subgroup.wgsl?vec4';
import type { KernelSource } from '../../gpu/kernelSource.ts';
import type { KernelTarget } from '../../ops/op.ts';
import { matmulCandidates } from '../../ops/plans/matmulPlan.ts';
import { random } from '../../selftest/values.ts';
import { sampledMatmul } from '../sampledMatmul.ts';
import type { Ladder, RungPlan } from './rung.ts';

/** C [m, n] = A [m, k]·B [k, n]. */
export interface ProductShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

const OPERANDS = { a: 'a', b: 'b', c: 'c' };

function plain(source: KernelSource, groups: (shape: ProductShape) => number) {
  return (shape: ProductShape): RungPlan => ({
    passes: [{ call: { source, params: { ...shape }, grid: [groups(shape), 1] }, operands: OPERANDS }],
  });
}

const anOutputEach = ({ m, n }: ProductShape): number => Math.ceil((m * n) / 64);

/** A variant that the planner has for the shape on such an adapter, by its name. */
function planned(source: KernelSource, variant: string, kind: KernelTarget['kind']) {
  return (shape: ProductShape, target: KernelTarget): RungPlan | string => {
    const found = matmulCandidates({ form: 'NN', ...shape }, { ...target, kind }).find(
      ({ name, call }) => name === variant && call.source === source,
    );
    return found ? { passes: [{ call: found.call, operands: OPERANDS }] } : `takes no ${title(shape)}`;
  };
}

function quads(shape: ProductShape, target: KernelTarget): RungPlan | string {
  if (target.kind !== 'cpu') {
    return 'only SwiftShader and llvmpipe are known to put invocations 4i to 4i + 3 of a workgroup into one quad';
  }
  if (target.subgroupSize < 4) return 'the adapter has no subgroups';
  const variant = target.subgroupSize > 4 ? 'quads 16×16' : 'quads 16×32';
  return planned(matmulVec4Subgroup, variant, 'cpu')(shape, target);
}

function title({ m, n, k }: ProductShape): string {
  return `${m}×${k}×${n}`;
}

export const matmulLadder: Ladder<ProductShape> = {
  name: 'matmul',
  about:
    'C = A·B of dense float32 matrices, 2·m·n·k operations on (m·k + k·n + m·n) numbers. SwiftShader: 192³ in ' +
    'Chromium 156 beside other programs, 2026-11-25 (bench/results/kernels-chromium-swiftshader.json). ' +
    'A6000: github.com/siboehm/SGEMM_CUDA, 4092³.',
  title,
  operands: ({ m, n, k }) => ({ a: random([m, k], 1), b: random([k, n], 2) }),
  results: ({ m, n }) => ({ c: { shape: [m, n] } }),
  expect: (shape, { a, b }) => [sampledMatmul('NN', a!, b!, shape)],
  rungs: [
    {
      number: 1,
      title: 'an output an invocation, neighbours one below the other',
      kernel: matmulNaive,
      plan: plain(matmulNaive, anOutputEach),
      why:
        'Each output is the dot product of a row of A and a column of B, read from memory number by number: ' +
        '8 bytes for every two operations. Neighbouring invocations take neighbouring rows, so on a GPU the ' +
        '32 or 64 invocations of a subgroup load addresses that lie k numbers apart, and one load becomes ' +
        'as many memory transactions. This is where every ladder starts.',
    },
    {
      number: 2,
      title: 'neighbours side by side',
      kernel: matmulCoalesced,
      plan: plain(matmulCoalesced, anOutputEach),
      why:
        'The same arithmetic with row and column exchanged: neighbours share the number of A and take ' +
        "consecutive numbers of B, so a GPU serves a subgroup's load with one or two transactions (on an " +
        'A6000 that alone is 6.4 times as fast: 309 to 1,987 GFLOP/s in the SGEMM_CUDA ladder). SwiftShader ' +
        'loads lane by lane whatever the addresses are: there the two take the same time, 85 ms for 192³.',
    },
    {
      number: 3,
      title: '16 × 16 tiles in workgroup memory',
      kernel: matmulStaged,
      plan: plain(matmulStaged, ({ m, n }) => Math.ceil(m / 16) * Math.ceil(n / 16)),
      why:
        'A workgroup reads a 16 × 16 tile of each operand once and every number of it is used 16 times: a ' +
        'sixteenth of the memory traffic (1.5 times as fast on that A6000). On a CPU the operands lie in ' +
        'its caches anyway, and a barrier makes it stop and resume every invocation of the workgroup, so ' +
        'this rung is half as fast as the one before: 188 ms on SwiftShader. Software adapters are planned ' +
        'without barriers for that reason.',
    },
    {
      number: 4,
      title: '4 × 4 outputs in registers',
      kernel: matmulNN,
      plan: planned(matmulNN, 'tiles 4×4', 'gpu'),
      why:
        'An invocation keeps 4 × 4 outputs in registers: 8 numbers loaded serve 16 multiplications, for ' +
        'which rung 2 loads 32, with neither workgroup memory nor barriers. It is the largest step of the ' +
        'ladder on every machine we know of: 85 to 15 ms against rung 2 on SwiftShader; on that A6000, ' +
        'where it is taken with workgroup memory, 2,980 to 15,972 GFLOP/s.',
    },
    {
      number: 5,
      title: '4 × 4 in registers, read four at a time',
      kernel: matmulNNVec4,
      plan: planned(matmulNNVec4, 'vec4 4×4', 'gpu'),
      why:
        'The same tile, but four neighbouring numbers come with one load of a vec4 and k advances by four: ' +
        'a quarter of the load instructions and of the address arithmetic. 15 to 11 ms on SwiftShader. It ' +
        'needs n and k divisible by 4; others are left to rung 4.',
    },
    {
      number: 6,
      title: '8 × 8 in registers, read four at a time',
      kernel: matmulNNVec4,
      plan: planned(matmulNNVec4, 'vec4 8×8', 'gpu'),
      why:
        '8 × 8 outputs an invocation: a loaded number serves 8 multiplications in place of 4. 11 to 5.9 ms ' +
        'on SwiftShader. On a GPU 64 accumulators are near what keeps enough invocations resident, and ' +
        'small products have too few tiles to keep it busy, so the planner takes this size from 16,384 ' +
        'tiles on.',
    },
    {
      number: 7,
      title: '8 × 8 in registers from 64 × 64 tiles in workgroup memory',
      kernel: matmulTiledVec4,
      plan: planned(matmulTiledVec4, 'tiled 64×64×16', 'gpu'),
      why:
        'The 8 × 8 tiles of a workgroup lie side by side, 64 × 64 outputs, and their operands are staged in ' +
        'workgroup memory, 16 of k at a time: memory is read once for 64 outputs in place of 8. That is ' +
        'what GPUs want (69 to 78 % of cuBLAS on that A6000, where two-dimensional tiles meet vector ' +
        'loads). The next tile is loaded into registers while this one is multiplied: another 16 % on an ' +
        'H200, 3.75 to 3.24 ms at 4096³, 2026-11-27. On SwiftShader the barriers cost more than the loads ' +
        'that they spare: 14 ms, and a second to compile.',
    },
    {
      number: 8,
      title: '8 × 8 in registers from 128 × 128 tiles in workgroup memory',
      kernel: matmulTiledVec4,
      plan: planned(matmulTiledVec4, 'tiled 128×128×16', 'gpu'),
      why:
        'Tiles of 128 × 128 by 256 invocations halve the traffic once more, for products large enough to ' +
        'give every core of a GPU some of them: the planner takes it from 256 tiles on, 2,048 × 2,048 ' +
        'outputs. Which of the two wins differs by GPU, so a tuner measures both. With more invocations ' +
        'behind each barrier it is half as fast as rung 7 on SwiftShader, 31 ms, where 192³ also leaves ' +
        '44 % of the four tiles empty.',
    },
    {
      number: 9,
      title: 'a tile a quad, its rows passed around by quadBroadcast',
      kernel: matmulVec4Subgroup,
      plan: quads,
      why:
        'Four invocations share one tile of 16 × 32: each loads a quarter of the rows and gets the others ' +
        'by quadBroadcast, from register to register, so that the operands of 128 outputs are loaded by ' +
        'each lane once. No barrier, no workgroup memory: 4.2 ms, 20 times as fast as rung 1, the best on ' +
        'SwiftShader and what the planner takes on software adapters. GPUs do not get it: nothing in WGSL ' +
        'promises which invocations form a quad.',
    },
  ],
};
