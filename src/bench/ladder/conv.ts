import conv2dForward from '../../../shaders/conv/conv2dForward.wgsl';
import conv2dForwardSubgroup from '../../../shaders/conv/conv2dForwardSubgroup.wgsl';
import convNaive from '../../../shaders/ladder/convNaive.wgsl';
import convPatches from '../../../shaders/ladder/convPatches.wgsl';
import type { KernelTarget } from '../../ops/op.ts';
import { convForwardCandidates, convParams } from '../../ops/plans/convPlan.ts';
import { linearGrid } from '../../ops/plans/linearGrid.ts';
import { planMatmul } from '../../ops/plans/matmulPlan.ts';
import { conv2d } from '../../reference/conv2d.ts';
import { productScale, sumTolerance } from '../../selftest/tolerance.ts';
import { random } from '../../selftest/values.ts';
import { type ConvLayer, layerExtents, layerShape, layerTitle, withoutQuads } from './convLayer.ts';
import type { Ladder, RungPlan } from './rung.ts';

const OPERANDS = { x: 'x', w: 'w', y: 'y' };

/** Outputs of a layer: positions of each channel, and multiplications of each. */
function extents({ images, channels, outChannels, side, kernel }: ConvLayer) {
  const plane = (side - kernel + 1) ** 2;
  return { plane, taps: channels * kernel ** 2, outputs: images * outChannels * plane };
}

/** The planner's kernel with so many channels and positions an invocation. */
function tile(rows: number, columns: number) {
  return (layer: ConvLayer): RungPlan => {
    const positions = layer.images * extents(layer).plane;
    const call = {
      source: conv2dForward,
      knobs: { TILE_O: rows, TILE_P: columns, BIAS: false },
      params: convParams(layerShape(layer)),
      grid: linearGrid(Math.ceil(layer.outChannels / rows) * Math.ceil(positions / columns)),
    };
    return { passes: [{ call, operands: { ...OPERANDS, b: 'w', addend: 'w', gate: 'w' } }] };
  };
}

function naive(layer: ConvLayer): RungPlan {
  const { window, ...shape } = layerShape(layer);
  return {
    passes: [
      {
        call: {
          source: convNaive,
          params: { ...shape, ...window },
          grid: linearGrid(extents(layer).outputs),
        },
        operands: OPERANDS,
      },
    ],
  };
}

/** Patches written out, then a product for each image. */
function byPatches(layer: ConvLayer, target: KernelTarget): RungPlan {
  const { window, ...shape } = layerShape(layer);
  const { plane, taps } = extents(layer);
  const { images, outChannels } = layer;
  const batch = { outer: images, inner: 1, a: [0, 0], b: [taps * plane, 0] } as const;
  const product = planMatmul({ form: 'NN', m: outChannels, n: plane, k: taps, batch }, target);
  return {
    scratch: { patches: images * taps * plane },
    passes: [
      {
        call: {
          source: convPatches,
          params: { ...shape, ...window },
          grid: linearGrid(images * taps * plane),
        },
        operands: { x: 'x', patches: 'patches' },
      },
      { call: product.call, operands: { a: 'w', b: 'patches', c: 'y' } },
    ],
  };
}

function quads(layer: ConvLayer, target: KernelTarget): RungPlan | string {
  const why = withoutQuads(layer, target);
  if (why !== null) return why;
  const found = convForwardCandidates(layerShape(layer), {}, target).find(
    ({ call }) => call.source === conv2dForwardSubgroup,
  )!;
  return { passes: [{ call: found.call, operands: { ...OPERANDS, b: 'w', addend: 'w', gate: 'w' } }] };
}

export const convLadder: Ladder<ConvLayer> = {
  name: 'conv',
  about:
    'y = w ∗ x, a convolution of float32 images, stride 1, no padding: 2·C·kh·kw operations an output. Times are of 8 → 16 channels, 5×5 on ' +
    '12×12: SwiftShader in Chromium 156 on two cores, B = 32, the least of 15 rounds; an H200 under Node, B = 256; 2026-11-27.',
  title: layerTitle,
  operands: ({ images, channels, outChannels, side, kernel }) => ({
    x: random([images, channels, side, side], 1),
    w: random([outChannels, channels, kernel, kernel], 2),
  }),
  results: ({ images, outChannels, side, kernel }) => ({
    y: { shape: [images, outChannels, side - kernel + 1, side - kernel + 1] },
  }),
  expect: (layer, { x, w }) => {
    const { taps } = extents(layer);
    return [
      {
        values: conv2d(layerExtents(layer), x!, w!),
        tolerance: sumTolerance(taps + 1, productScale(taps) + 1),
      },
    ];
  },
  rungs: [
    {
      number: 1,
      title: 'an output an invocation, neighbours in neighbouring channels',
      kernel: convNaive,
      plan: naive,
      why:
        'The formula as it is written: two numbers loaded for each multiplication. Neighbouring invocations take ' +
        'neighbouring channels, so on a GPU they load weights C·kh·kw numbers apart and write outputs H′·W′ apart, a memory ' +
        'transaction each. 34 ms on SwiftShader, 0.063 on an H200.',
    },
    {
      number: 2,
      title: 'neighbours side by side',
      kernel: conv2dForward,
      plan: tile(1, 1),
      why:
        'Neighbours take neighbouring positions of one channel: they share the weight, load and write consecutive numbers, ' +
        'and a GPU serves a subgroup with a transaction or two. This layer is too small for that to show: an H200, whose caches ' +
        'hold it whole, takes 0.065 ms. The kernel also knows padding and strides, whose checks SwiftShader pays for at each load: 36 ms.',
    },
    {
      number: 3,
      title: 'patches written out, then a product',
      kernel: convPatches,
      plan: byPatches,
      why:
        'What most libraries began with (im2col): the pixels under each window are written as a column of a matrix, ' +
        'kh·kw times the images, and the fast product does the rest. The traffic of that matrix is the price, and its ' +
        'memory: it grows with the batch. 36 to 9.2 ms on SwiftShader, where arithmetic is what counts; an H200 takes 0.095 ms, half ' +
        'as long again as rung 2.',
    },
    {
      number: 4,
      title: '4 channels × 4 positions in registers',
      kernel: conv2dForward,
      plan: tile(4, 4),
      why:
        'An invocation keeps 4 × 4 outputs: 8 numbers loaded serve 16 multiplications, and patches are read where they lie. ' +
        'No scratch at all. 36 to 8.4 ms against rung 2 on SwiftShader; 0.031 on an H200, its best.',
    },
    {
      number: 5,
      title: '8 channels × 8 positions in registers',
      kernel: conv2dForward,
      plan: tile(8, 8),
      why:
        '16 numbers for 64 multiplications: 8.4 to 4.6 ms on SwiftShader. On a GPU 64 accumulators leave room for fewer invocations, and ' +
        'small layers have too few tiles: an H200 takes 0.064 ms, twice as long as rung 4. The planner takes this size where tiles are in plenty.',
    },
    {
      number: 6,
      title: 'a tile a quad along a row, its weights passed around by quadBroadcast',
      kernel: conv2dForwardSubgroup,
      plan: quads,
      why:
        'Four invocations share a tile, each a piece of a row of outputs: the pixels of a piece are loaded once for all taps of a ' +
        'row (12 in place of 40 for 8 outputs and 5 taps), each lane loads a quarter of the weights and gets the others ' +
        'from register to register, and what follows (bias, activation) is written out rather than branched on. 1.5 ms, the best on ' +
        'SwiftShader, 23 times as fast as rung 1, and what the planner takes there. GPUs do not get it: nothing in WGSL promises which invocations form ' +
        'a quad.',
    },
  ],
};
