import conv2dWeightGradient from '../../../shaders/conv/conv2dWeightGradient.wgsl';
import conv2dWeightGradientSubgroup from '../../../shaders/conv/conv2dWeightGradientSubgroup.wgsl';
import type { KernelTarget } from '../../ops/op.ts';
import { convParams, convWeightGradientCandidates } from '../../ops/plans/convPlan.ts';
import { linearGrid } from '../../ops/plans/linearGrid.ts';
import { planSum } from '../../ops/plans/sumPlan.ts';
import * as reference from '../../reference/conv2d.ts';
import { productScale, sumTolerance } from '../../selftest/tolerance.ts';
import { random } from '../../selftest/values.ts';
import { type ConvLayer, layerExtents, layerShape, layerTitle, withoutQuads } from './convLayer.ts';
import type { Ladder, RungPlan } from './rung.ts';

function weights({ channels, outChannels, kernel }: ConvLayer): number {
  return outChannels * channels * kernel ** 2;
}

/** A gradient in `blocks` parts, and what sums them. */
function inBlocks(
  layer: ConvLayer,
  call: RungPlan['passes'][number]['call'],
  blocks: number,
  target: KernelTarget,
): RungPlan {
  if (blocks === 1) return { passes: [{ call, operands: { x: 'x', dy: 'dy', dw: 'dw' } }] };
  const elements = weights(layer);
  const stages = planSum({ outer: 1, reduced: blocks, inner: elements }, target);
  const place = (i: number): string => (i === stages.length - 1 ? 'dw' : `sums ${i}`);
  return {
    scratch: {
      parts: blocks * elements,
      ...Object.fromEntries(stages.slice(0, -1).map(({ chunks }, i) => [place(i), chunks * elements])),
    },
    passes: [
      { call, operands: { x: 'x', dy: 'dy', dw: 'parts' } },
      ...stages.map(({ call: sum }, i) => ({
        call: sum,
        operands: { x: i === 0 ? 'parts' : place(i - 1), y: place(i) },
      })),
    ],
  };
}

/** The planner's kernel with so many channels and taps an invocation, in about so many blocks of output rows. */
function tile(rows: number, columns: number, wanted: number) {
  return (layer: ConvLayer, target: KernelTarget): RungPlan => {
    const shape = layerShape(layer);
    const outputRows = shape.images * shape.outHeight;
    const rowsPerBlock = Math.ceil(outputRows / Math.min(wanted, outputRows));
    const blocks = Math.ceil(outputRows / rowsPerBlock);
    const taps = layer.channels * layer.kernel ** 2;
    const tiles = Math.ceil(layer.outChannels / rows) * Math.ceil(taps / columns);
    const call = {
      source: conv2dWeightGradient,
      knobs: { TILE_O: rows, TILE_K: columns },
      params: { ...convParams(shape), rowsPerBlock, blocks },
      grid: linearGrid(tiles * blocks),
    };
    return inBlocks(layer, call, blocks, target);
  };
}

function quads(layer: ConvLayer, target: KernelTarget): RungPlan | string {
  const why = withoutQuads(layer, target);
  if (why !== null) return why;
  const found = convWeightGradientCandidates(layerShape(layer), target).find(
    ({ call }) => call.source === conv2dWeightGradientSubgroup,
  )!;
  return inBlocks(layer, found.call, found.blocks, target);
}

export const convWeightGradientLadder: Ladder<ConvLayer> = {
  name: 'conv weight gradient',
  about:
    'dw of y = w ∗ x, stride 1, no padding: each of the O·C·kh·kw weights is a sum over all images and positions, few outputs ' +
    'of long sums. Times are of 8 → 16 channels, 5×5 on 12×12: SwiftShader in Chromium 156 on two cores, B = 32, the least of 15 rounds; an H200 under Node, ' +
    'B = 256; 2026-11-27.',
  title: layerTitle,
  operands: ({ images, channels, outChannels, side, kernel }) => ({
    x: random([images, channels, side, side], 1),
    dy: random([images, outChannels, side - kernel + 1, side - kernel + 1], 2),
  }),
  results: ({ channels, outChannels, kernel }) => ({
    dw: { shape: [outChannels, channels, kernel, kernel] },
  }),
  expect: (layer, { x, dy }) => {
    const terms = layer.images * (layer.side - layer.kernel + 1) ** 2;
    return [
      {
        values: reference.conv2dWeightGradient(layerExtents(layer), x!, dy!),
        tolerance: sumTolerance(terms, productScale(terms)),
      },
    ];
  },
  rungs: [
    {
      number: 1,
      title: 'a weight an invocation, over all images',
      kernel: conv2dWeightGradient,
      plan: tile(1, 1, 1),
      why:
        'The transpose as it is written: a weight walks over all images and positions and loads two numbers for each ' +
        'multiplication. A layer of a few thousand weights keeps a few thousand invocations busy, a tenth of a GPU, each ' +
        'for a very long time, and one accumulator rounds B·H′·W′ times. 30 ms on SwiftShader, 1.85 on an H200.',
    },
    {
      number: 2,
      title: 'in blocks of output rows, summed by a second pass',
      kernel: conv2dWeightGradient,
      plan: tile(1, 1, 64),
      why:
        'The sum is cut into blocks of rows, each with partial gradients of its own, added up in a fixed order: 64 times the ' +
        'invocations, and sums 64 times shorter, which also round less: 0.081 ms on an H200, 23 times as fast. On two cores there ' +
        'is nothing to gain from more invocations: 36 ms.',
    },
    {
      number: 3,
      title: '4 channels × 4 taps in registers',
      kernel: conv2dWeightGradient,
      plan: tile(4, 4, 64),
      why:
        '16 weights an invocation, four shifts of the image against four channels: 8 numbers loaded serve 16 multiplications, for which ' +
        'rung 2 loads 32. 36 to 8.0 ms on SwiftShader, 0.081 to 0.045 on an H200, its best.',
    },
    {
      number: 4,
      title: '8 channels × 4 taps in registers',
      kernel: conv2dWeightGradient,
      plan: tile(8, 4, 64),
      why:
        '32 weights, 12 numbers for 32 multiplications: 5.9 ms on SwiftShader. What limits a GPU is again the number of tiles (0.050 ms ' +
        'on an H200), so that the planner makes more blocks where tiles are larger.',
    },
    {
      number: 5,
      title: 'rows of taps a quad, the outputs passed around by quadBroadcast',
      kernel: conv2dWeightGradientSubgroup,
      plan: quads,
      why:
        'A lane holds whole rows of taps for 4 or 8 channels: a piece of a row of the image is loaded once and meets the output ' +
        'gradient at all its shifts (12 pixels for 8 positions × 5 taps), and each lane loads the output gradient of a quarter ' +
        'of the channels and gets the others by quadBroadcast. 1.9 ms on SwiftShader, 16 times as fast as rung 1, and what the planner takes there.',
    },
  ],
};
