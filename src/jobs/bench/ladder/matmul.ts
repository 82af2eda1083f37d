import matmulCoalesced from '../../../../shaders/ladder/matmulCoalesced.wgsl';
import matmulNaive from '../../../../shaders/ladder/matmulNaive.wgsl';
import matmulStaged from '../../../../shaders/ladder/matmulStaged.wgsl';
import matmulNN from '../../../../shaders/matmul/matmulNN.wgsl';
import matmulNNVec4 from '../../../../shaders/matmul/matmulNNVec4.wgsl';
import matmulTiledVec4 from '../../../../shaders/matmul/matmulTiledVec4.wgsl';
import matmulVec4Subgroup from '../../../../shaders/matmul/matmulVec4Subgroup.wgsl';
import type { KernelSource } from '../../../gpu/kernelSource.ts';
import type { Target } from '../../../ops/op.ts';
import { matmulCandidates } from '../../../ops/plans/matmulPlan.ts';
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
function planned(source: KernelSource, variant: string, kind: Target['kind']) {
  return (shape: ProductShape, target: Target): RungPlan | string => {
    const found = matmulCandidates({ form: 'NN', ...shape }, { ...target, kind }).find(
      ({ name, call }) => name === variant && call.source === source,
    );
    return found ? { passes: [{ call: found.call, operands: OPERANDS }] } : `takes no ${title(shape)}`;
  };
}

function quads(shape: ProductShape, target: Target): RungPlan | string {
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
  about: 'C = A·B of dense float32 matrices, 2·m·n·k operations on (m·k + k·n + m·n) numbers.',
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
      why: '',
    },
    {
      number: 2,
      title: 'neighbours side by side',
      kernel: matmulCoalesced,
      plan: plain(matmulCoalesced, anOutputEach),
      why: '',
    },
    {
      number: 3,
      title: '16 × 16 tiles in workgroup memory',
      kernel: matmulStaged,
      plan: plain(matmulStaged, ({ m, n }) => Math.ceil(m / 16) * Math.ceil(n / 16)),
      why: '',
    },
    {
      number: 4,
      title: '4 × 4 outputs in registers',
      kernel: matmulNN,
      plan: planned(matmulNN, 'tiles 4×4', 'gpu'),
      why: '',
    },
    {
      number: 5,
      title: '4 × 4 in registers, read four at a time',
      kernel: matmulNNVec4,
      plan: planned(matmulNNVec4, 'vec4 4×4', 'gpu'),
      why: '',
    },
    {
      number: 6,
      title: '8 × 8 in registers, read four at a time',
      kernel: matmulNNVec4,
      plan: planned(matmulNNVec4, 'vec4 8×8', 'gpu'),
      why: '',
    },
    {
      number: 7,
      title: '8 × 8 in registers from 64 × 64 tiles in workgroup memory',
      kernel: matmulTiledVec4,
      plan: planned(matmulTiledVec4, 'tiled 64×64×16', 'gpu'),
      why: '',
    },
    {
      number: 8,
      title: '8 × 8 in registers from 128 × 128 tiles in workgroup memory',
      kernel: matmulTiledVec4,
      plan: planned(matmulTiledVec4, 'tiled 128×128×8', 'gpu'),
      why: '',
    },
    {
      number: 9,
      title: 'a tile a quad, its rows passed around by quadBroadcast',
      kernel: matmulVec4Subgroup,
      plan: quads,
      why: '',
    },
  ],
};
