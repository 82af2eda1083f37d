import attention from '../../../shaders/attention/attention.wgsl';
import attentionTiledVec4 from '../../../shaders/attention/attention.wgsl?tiled&vec4';
import attentionVec4 from '../../../shaders/attention/attention.wgsl?vec4';
import unary from '../../../shaders/elementwise/unary.wgsl';
import attentionMix from '../../../shaders/ladder/attentionMix.wgsl';
import attentionScores from '../../../shaders/ladder/attentionScores.wgsl';
import matmulBatched from '../../../shaders/matmul/matmulBatched.wgsl';
import softmaxCausal from '../../../shaders/sequence/softmaxCausal.wgsl';
import type { KernelCall } from '../../gpu/kernelCall.ts';
import { UNARY } from '../../ops/elementwise.ts';
import type { KernelTarget } from '../../ops/op.ts';
import { type AttentionShape, type AttentionVariant, forwardCall } from '../../ops/plans/attentionPlan.ts';
import { linearGrid, rowGrid } from '../../ops/plans/linearGrid.ts';
import { planMatmul } from '../../ops/plans/matmulPlan.ts';
import { attentionTrial } from '../../selftest/cases/attention.ts';
import type { Ladder, RungPlan } from './rung.ts';

/** Causal self-attention of so many heads and examples. */
export interface HeadShape {
  readonly matrices: number;
  readonly places: number;
  readonly width: number;
}

const OPERANDS = { q: 'q', k: 'k', v: 'v', o: 'o', l: 'l' };

function causal(shape: HeadShape): AttentionShape {
  return { ...shape, causal: true, scale: 1 / Math.sqrt(shape.width) };
}

/** Products of a query and the keys that it sees, and of their weights and values. */
export function headFlops({ matrices, places, width }: HeadShape): number {
  return 2 * matrices * places * (places + 1) * width;
}

function softmaxOf({ matrices, places }: HeadShape): RungPlan['passes'][number] {
  const rows = matrices * places;
  return {
    call: { source: softmaxCausal, params: { rows, places }, grid: rowGrid(rows) },
    operands: { z: 's', p: 'p' },
  };
}

function naive(shape: HeadShape): RungPlan {
  const { matrices, places, width } = shape;
  const weights = matrices * places * places;
  const { scale } = causal(shape);
  return {
    scratch: { s: weights, p: weights },
    passes: [
      {
        call: {
          source: attentionScores,
          knobs: { CAUSAL: true },
          params: { matrices, places, width, scale },
          grid: linearGrid(weights),
        },
        operands: { q: 'q', k: 'k', s: 's' },
      },
      softmaxOf(shape),
      {
        call: {
          source: attentionMix,
          params: { matrices, places, width },
          grid: linearGrid(matrices * places * width),
        },
        operands: { p: 'p', v: 'v', o: 'o' },
      },
    ],
  };
}

/** What the ops scale, batchedMatmul and softmax dispatch. */
function composed(shape: HeadShape, target: KernelTarget): RungPlan {
  const { matrices, places, width } = shape;
  const weights = matrices * places * places;
  const elements = matrices * places * width;
  const each = { matrix: places * width, square: places * places };
  const batch = (a: number, b: number) => ({ outer: 1, inner: matrices, a: [0, a], b: [0, b] }) as const;
  const scores = planMatmul(
    { form: 'NT', m: places, n: places, k: width, batch: batch(each.matrix, each.matrix) },
    target,
  );
  const mixed = planMatmul(
    { form: 'NN', m: places, n: width, k: places, batch: batch(each.square, each.matrix) },
    target,
  );
  return {
    scratch: { scaled: elements, s: weights, p: weights },
    passes: [
      {
        call: {
          source: unary,
          knobs: { FUNCTION: UNARY.scale },
          params: { elements, factor: causal(shape).scale },
          grid: linearGrid(elements),
        },
        operands: { x: 'q', y: 'scaled' },
      },
      { call: scores.call, operands: { a: 'scaled', b: 'k', c: 's' } },
      softmaxOf(shape),
      { call: mixed.call, operands: { a: 'p', b: 'v', c: 'o' } },
    ],
  };
}

/** One pass over the keys, in a variant of its kernel. */
function onePass(variant: AttentionVariant) {
  return (shape: HeadShape): RungPlan | string =>
    variant.vec4 && shape.width % 4 !== 0
      ? `takes no rows of ${shape.width} numbers, which are not fours`
      : inOnePass(shape, forwardCall(causal(shape), variant));
}

function inOnePass({ matrices, places }: HeadShape, call: KernelCall): RungPlan {
  return { scratch: { l: matrices * places }, passes: [{ call, operands: OPERANDS }] };
}

const FIRST: AttentionVariant = { rows: 1, keys: 1, vec4: false, tiled: false };

export const attentionLadder: Ladder<HeadShape> = {
  name: 'attention',
  about:
    'o = softmax(q·kᵀ/√d)·v of causal heads: two products of 2·d operations for each query and each key that ' +
    'it sees. Times are of 8 heads of 128 × 32: SwiftShader in Chromium 156 on two cores beside other programs, the least of 9 rounds; 2026-11-28. ' +
    'No GPU has been measured.',
  title: ({ matrices, places, width }) => `${matrices} heads of ${places} × ${width}`,
  operands: (shape) => {
    const { q, k, v } = attentionTrial({ ...shape, causal: true }, 1, 1).operands;
    return { q: q!, k: k!, v: v! };
  },
  results: ({ matrices, places, width }) => ({ o: { shape: [matrices, places, width] } }),
  expect: (shape, values) =>
    attentionTrial({ ...shape, causal: true }, 1, 1)
      .expect(values)
      .slice(0, 1),
  rungs: [
    {
      number: 1,
      title: 'scores written out, an invocation each; softmax; a number of the result an invocation',
      kernel: attentionScores,
      plan: naive,
      why:
        'The formula as it is written: T × T scores for each head in memory, their softmax, and a sum of values by these weights, two ' +
        'numbers loaded for each multiplication. Twice T² numbers a head are written and read again. 113 ms on SwiftShader.',
    },
    {
      number: 2,
      title: 'the same by the fast products',
      kernel: matmulBatched,
      plan: composed,
      why:
        'What the ops scale, batchedMatmul and softmax dispatch: the same matrices, but the products have 8 × 8 numbers in registers. They ' +
        'do not know that half of the weights are zero. 113 to 32 ms on SwiftShader.',
    },
    {
      number: 3,
      title: 'one pass over the keys, a query an invocation',
      kernel: attention,
      plan: onePass(FIRST),
      why:
        'No matrix at all: an invocation goes through the keys that its query sees, keeps the largest score so far, the sum of the ' +
        'exponentials and that of the values by them, and scales both down when a larger score comes (Milakov & Gimelshein 2018). Memory ' +
        'is that of the result, whatever T is, and what is not seen is not computed. But every query loads all keys and values for ' +
        'itself: 32 to 23 ms on SwiftShader.',
    },
    {
      number: 4,
      title: 'read four numbers at a time',
      kernel: attentionVec4,
      plan: onePass({ ...FIRST, vec4: true }),
      why:
        'Four neighbouring numbers of a key or value with one load: a quarter of the load instructions and of the address arithmetic. ' +
        '23 to 19 ms on SwiftShader.',
    },
    {
      number: 5,
      title: 'four queries an invocation',
      kernel: attentionVec4,
      plan: onePass({ ...FIRST, rows: 4, vec4: true }),
      why:
        'Four queries of an invocation share every key and value that is loaded. Of the last few keys some of them see more than others: ' +
        'these come in a second loop with masks. 19 to 11 ms, the best on SwiftShader, ten times as fast as rung 1, and what the planner ' +
        'takes there. Eight were little faster, and took it three times as long to compile.',
    },
    {
      number: 6,
      title: 'keys and values in workgroup memory, four keys at a time',
      kernel: attentionTiledVec4,
      plan: onePass({ rows: 1, keys: 4, vec4: true, tiled: true }),
      why:
        '64 invocations stage 64 keys and values in workgroup memory and go through them together: memory is read once for 64 queries. ' +
        'The maximum is found of four keys before anything is scaled by it. That is what GPUs want (Dao et al. 2022), and the planner takes ' +
        'it there; SwiftShader, where a barrier stops and resumes every invocation, takes 49 ms.',
    },
  ],
};
