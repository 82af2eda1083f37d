import { attend, attentionGradient } from '../../../src/ops/attention.ts';
import type { Tensor } from '../../../src/ops/graph.ts';
import {
  attention,
  concatenate,
  embedding,
  embeddingGradient,
  pad,
  permute,
  read,
  selfAttention,
  slice,
  softmax,
  where,
} from '../../../src/ops/index.ts';
import { lookups } from '../../../src/ops/perExample/lookups.ts';
import type { Draw } from '../draw.ts';
import type { Tracing } from '../tracing.ts';
import type { Step } from './step.ts';

/** Indices of a table's rows: u32, in range. */
function indices(to: Tracing, draw: Draw, shape: readonly number[], entries: number): Tensor {
  const state = to.state({
    shape,
    dtype: 'u32',
    replicated: to.someReplicated(draw),
    kind: { below: entries },
  });
  return to.call(read, to.graph, state);
}

interface Table {
  readonly examples: number;
  readonly places: number;
  readonly entries: number;
  readonly width: number;
}

const table = (draw: Draw): Table => ({
  examples: draw.of([1, 2, 3, 5]),
  places: draw.of([1, 2, 7]),
  entries: draw.of([1, 2, 3, 33]),
  width: draw.of([1, 3, 5]),
});

/** What `lookups` gives of one example each. */
function lookupRows(index: Tensor, delta: Tensor, examples: number, entries: number): Tensor {
  return lookups(index, delta, { examples, entries }).rows();
}

function lookupNorms(index: Tensor, delta: Tensor, of: readonly [number, number], unit: number): Tensor {
  return lookups(index, delta, { examples: of[0], entries: of[1] }).norms(unit);
}

function lookupMoments(index: Tensor, delta: Tensor, examples: number, entries: number): readonly Tensor[] {
  const { gradient, centredSquares } = lookups(index, delta, { examples, entries }).moments();
  return [gradient, centredSquares];
}

/** Matrices of so many rows of so many numbers, and of so many heads. */
const heads = (draw: Draw) => ({
  matrices: draw.of([1, 2, 3]),
  places: draw.of([1, 2, 3, 7]),
  width: draw.of([3, 4]),
  heads: draw.of([1, 2]),
});

/** The gradients of attention by themselves: [dq, dk, dv], or with heads side by side one of all three. */
function gradientOfAttention(
  operands: readonly Tensor[],
  d: Tensor,
  by: { readonly causal: boolean; readonly scale: number; readonly heads?: number },
): readonly Tensor[] {
  return attentionGradient(operands, d, attend(operands, by), by);
}

export const sequences: Readonly<Record<string, Step>> = {
  permute: (to, draw) => {
    const x = to.some(draw, [2, 3]);
    const order = x.shape.map((_, axis) => axis);
    for (let i = order.length - 1; i > 0; i--) order.push(...order.splice(draw.below(i + 1), 1));
    to.call(permute, x, order);
  },
  slice: (to, draw) => {
    const x = to.some(draw, [1, 2, 3]);
    const axis = draw.below(x.shape.length);
    const start = draw.below(x.shape[axis]!);
    to.call(slice, x, axis, start, start + 1 + draw.below(x.shape[axis]! - start));
  },
  pad: (to, draw) => {
    const x = to.some(draw, [1, 2]);
    to.call(pad, x, draw.below(x.shape.length), draw.of([0, 1, 3]), draw.of([0, 2]));
  },
  concatenate: (to, draw) => {
    const x = to.some(draw, [1, 2]);
    const axis = draw.below(x.shape.length);
    const shape = x.shape.map((extent, i) => (i === axis ? draw.of([1, 2]) : extent));
    to.call(concatenate, draw.chance(50) ? [x, to.like(draw, shape)] : [to.like(draw, shape), x, x], axis);
  },
  where: (to, draw) => {
    const x = to.some(draw, [0, 1, 2]);
    const mask = draw.chance(70) ? indices(to, draw, x.shape, 2) : to.like(draw, x.shape);
    to.call(where, mask, x, to.like(draw, x.shape));
  },
  softmaxCausal: (to, draw) => {
    const places = draw.of([1, 2, 3, 7]);
    to.call(softmax, to.like(draw, [...draw.of([[], [2]]), places, places]), { causal: true });
  },
  attention: (to, draw) => {
    const { matrices, places, width } = heads(draw);
    const shape = [matrices, places, width];
    const [q, k, v] = [0, 1, 2].map(() => to.like(draw, shape)) as [Tensor, Tensor, Tensor];
    const causal = draw.chance(50);
    to.call(attention, q, k, v, { causal });
    if (draw.chance(50)) {
      to.call(gradientOfAttention, [q, k, v], to.like(draw, shape), { causal, scale: draw.of([1, 0.5]) });
    }
  },
  selfAttention: (to, draw) => {
    const { matrices, places, width, heads: count } = heads(draw);
    const x = to.like(draw, [matrices, places, 3 * count * width]);
    const causal = draw.chance(50);
    to.call(selfAttention, x, count, { causal });
    if (draw.chance(50)) {
      const d = to.like(draw, [matrices, places, count * width]);
      to.call(gradientOfAttention, [x], d, { causal, scale: draw.of([1, 0.5]), heads: count });
    }
  },
  embedding: (to, draw) => {
    const { examples, places, entries, width } = table(draw);
    to.call(embedding, to.like(draw, [entries, width]), indices(to, draw, [examples, places], entries));
  },
  embeddingGradient: (to, draw) => {
    const { examples, places, entries, width } = table(draw);
    const d = to.like(draw, [examples, places, width]);
    to.call(embeddingGradient, d, indices(to, draw, [examples, places], entries), entries);
  },
  lookups: (to, draw) => {
    const { examples, places, entries, width } = table(draw);
    const d = to.like(draw, [examples, places, width]);
    const index = indices(to, draw, [examples, places], entries);
    to.call(lookupRows, index, d, examples, entries);
    to.call(lookupNorms, index, d, [examples, entries], draw.of([1, examples]));
    to.call(lookupMoments, index, d, examples, entries);
  },
};
