import momentsOfProducts from '../../../../shaders/ladder/momentsOfProducts.wgsl';
import momentsTwoPass from '../../../../shaders/ladder/momentsTwoPass.wgsl';
import perExampleProducts from '../../../../shaders/ladder/perExampleProducts.wgsl';
import dense from '../../../../shaders/moments/dense.wgsl';
import denseSubgroup from '../../../../shaders/moments/denseSubgroup.wgsl';
import type { Target } from '../../../ops/op.ts';
import { linearGrid } from '../../../ops/plans/linearGrid.ts';
import { denseMomentsCandidates } from '../../../ops/plans/momentsPlan.ts';
import { weightMoments } from '../../selftest/cases/moments.ts';
import { random } from '../../selftest/values.ts';
import type { Ladder, RungPlan } from './rung.ts';

/** A linear layer, and the examples of a batch. */
export interface LayerShape {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
}

const RESULTS = { gradient: 'gradient', variance: 'variance' };
const OPERANDS = { x: 'x', d: 'delta', ...RESULTS };

function writtenOut(shape: LayerShape): RungPlan {
  const { batch, inputs, outputs } = shape;
  const elements = outputs * inputs;
  return {
    scratch: { products: batch * elements },
    passes: [
      {
        call: { source: perExampleProducts, params: { ...shape }, grid: linearGrid(batch * elements) },
        operands: { x: 'x', d: 'delta', g: 'products' },
      },
      {
        call: { source: momentsOfProducts, params: { batch, elements }, grid: linearGrid(elements) },
        operands: { g: 'products', ...RESULTS },
      },
    ],
  };
}

/** The planner's kernel in a tile of any size, without bias. */
function tile(size: number) {
  return ({ batch, inputs, outputs }: LayerShape, { kind }: Target): RungPlan => ({
    passes: [
      {
        call: {
          source: dense,
          knobs: { BIAS: false, GUARD: kind === 'gpu', TILE_L: size, TILE_K: size },
          params: { batch, inputs, outputs, zero: 0, biasGradientOffset: 0, biasVarianceOffset: 0 },
          grid: linearGrid(Math.ceil(outputs / size) * Math.ceil(inputs / size)),
        },
        operands: OPERANDS,
      },
    ],
  });
}

function quads(shape: LayerShape, target: Target): RungPlan | string {
  if (target.kind !== 'cpu') {
    return 'only SwiftShader and llvmpipe are known to put invocations 4i to 4i + 3 of a workgroup into one quad';
  }
  if (target.subgroupSize < 4) return 'the adapter has no subgroups';
  const found = denseMomentsCandidates({ ...shape, bias: false }, target).find(
    ({ call }) => call.source === denseSubgroup,
  );
  if (!found) return 'the inputs are not divisible by 4';
  // Without the workgroups behind the tiles', which take the norms.
  const { TILE_Q, WIDTH } = found.call.knobs as { TILE_Q: number; WIDTH: number };
  const tiles = Math.ceil(shape.outputs / (4 * TILE_Q)) * Math.ceil(shape.inputs / 16);
  return {
    passes: [{ call: { ...found.call, grid: [Math.ceil(tiles / (WIDTH / 4)), 1] }, operands: OPERANDS }],
  };
}

export const momentsLadder: Ladder<LayerShape> = {
  name: 'moments',
  about:
    "Mean and centred sum of squares, over a batch, of every coordinate of a linear layer's per-example weight gradients " +
    'δₙxₙᵀ: what diag Σ and the noise scale are made of.',
  title: ({ batch, inputs, outputs }) => `${inputs} → ${outputs}, B = ${batch}`,
  operands: ({ batch, inputs, outputs }) => ({
    x: random([batch, inputs], 1),
    delta: random([batch, outputs], 2),
  }),
  results: ({ inputs, outputs }) => ({
    gradient: { shape: [outputs, inputs] },
    variance: { shape: [outputs, inputs] },
  }),
  expect: (shape, { x, delta }) => weightMoments(shape, x!, delta!),
  rungs: [
    {
      number: 1,
      title: 'every gradient written out, then averaged',
      kernel: momentsOfProducts,
      plan: writtenOut,
      why: '',
    },
    {
      number: 2,
      title: 'products formed twice, nothing kept',
      kernel: momentsTwoPass,
      plan: ({ batch, inputs, outputs }) => ({
        passes: [
          {
            call: {
              source: momentsTwoPass,
              params: { batch, inputs, outputs },
              grid: linearGrid(outputs * inputs),
            },
            operands: OPERANDS,
          },
        ],
      }),
      why: '',
    },
    {
      number: 3,
      title: 'one pass, squares about the first example',
      kernel: dense,
      plan: tile(1),
      why: '',
    },
    {
      number: 4,
      title: '2 × 2 coordinates in registers',
      kernel: dense,
      plan: tile(2),
      why: '',
    },
    {
      number: 5,
      title: '4 × 4 coordinates in registers',
      kernel: dense,
      plan: tile(4),
      why: '',
    },
    {
      number: 6,
      title: '8 × 8 coordinates in registers',
      kernel: dense,
      plan: tile(8),
      why: '',
    },
    {
      number: 7,
      title: 'a tile a quad, rows passed around by quadBroadcast',
      kernel: denseSubgroup,
      plan: quads,
      why: '',
    },
  ],
};
