import momentsOfProducts from '../../../shaders/ladder/momentsOfProducts.wgsl';
import momentsTwoPass from '../../../shaders/ladder/momentsTwoPass.wgsl';
import perExampleProducts from '../../../shaders/ladder/perExampleProducts.wgsl';
import dense from '../../../shaders/moments/dense.wgsl';
import denseSubgroup from '../../../shaders/moments/denseSubgroup.wgsl';
import type { KernelTarget } from '../../ops/op.ts';
import { linearGrid } from '../../ops/plans/linearGrid.ts';
import { denseMomentsCandidates } from '../../ops/plans/momentsPlan.ts';
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
  return ({ batch, inputs, outputs }: LayerShape, { kind }: KernelTarget): RungPlan => ({
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

function quads(shape: LayerShape, target: KernelTarget): RungPlan | string {
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
    'δₙxₙᵀ: what diag Σ and the noise scale are made of. SwiftShader: 784 → 128, B = 64 in Chromium 156 beside other ' +
    'programs, 2026-11-25: bench/results/kernels-chromium-swiftshader.json.',
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
      why:
        'What a framework does when asked for per-example gradients: B × P products are written to memory ' +
        '(26 MB for this layer), then read twice, once for the mean and once for the squares about it. ' +
        'Twelve bytes go through memory for a product, and the buffer grows with the batch: 64 examples of ' +
        'a million parameters are 256 MB, twice what a binding may have by default. 295 ms on SwiftShader.',
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
      why:
        "The products are formed again where they are needed: a coordinate's mean first, then its squares " +
        'about it, from rows of X and D that stay in caches. Twice the multiplications and no buffer at ' +
        'all: 295 to 157 ms on SwiftShader. Every product still costs two loads.',
    },
    {
      number: 3,
      title: 'one pass, squares about the first example',
      kernel: dense,
      plan: tile(1),
      why:
        "One pass in place of two. The squares are taken about the first example's product, which is known " +
        'at once, and corrected at the end, Σe² − (Σe)²/B: half the loads. Plain sums of squares would do ' +
        'that too, but lose a small variance behind a large mean; this form does not, and equal examples ' +
        'give exactly 0. 157 to 59 ms on SwiftShader.',
    },
    {
      number: 4,
      title: '2 × 2 coordinates in registers',
      kernel: dense,
      plan: tile(2),
      why:
        'An invocation takes 2 × 2 coordinates: four loaded numbers serve four products in place of two ' +
        'loads for each one, half the loads. 59 to 26 ms on SwiftShader.',
    },
    {
      number: 5,
      title: '4 × 4 coordinates in registers',
      kernel: dense,
      plan: tile(4),
      why:
        '4 × 4: eight loads for sixteen products. 26 to 17 ms. Each coordinate needs three sums and its ' +
        'first product, so this tile is 64 registers already, as many as an 8 × 8 tile of a matrix product; ' +
        "it is the planner's first choice on a GPU.",
    },
    {
      number: 6,
      title: '8 × 8 coordinates in registers',
      kernel: dense,
      plan: tile(8),
      why:
        '8 × 8: sixteen loads for 64 products, but 256 registers an invocation: and an NVIDIA GPU gives at ' +
        'most 255, so a tuner has to find it faster before it is taken. 16 ms on SwiftShader, no ' +
        'difference from rung 5 beyond the spread.',
    },
    {
      number: 7,
      title: 'a tile a quad, rows passed around by quadBroadcast',
      kernel: denseSubgroup,
      plan: quads,
      why:
        'As for products: four invocations share a tile, pass the rows around by quadBroadcast, and take ' +
        'four examples at a time, whose sums need one addition in place of four. 8.7 ms, 34 times as fast ' +
        'as rung 1, and what the planner takes on software adapters with subgroups; GPUs do not get it, ' +
        'since nothing promises which invocations form a quad.',
    },
  ],
};
