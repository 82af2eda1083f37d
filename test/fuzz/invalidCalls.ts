import type { State } from '../../src/gpu/state.ts';
import { size, type Tensor } from '../../src/ops/graph.ts';
import {
  add,
  batchedMatmul,
  broadcast,
  channelDot,
  conv2d,
  correct,
  denseMoments,
  denseNorms,
  dot,
  dots,
  fill,
  flatLayout,
  histogram,
  linear,
  matmul,
  max,
  maxPool2d,
  mergeMoments,
  multiply,
  normalize,
  pack,
  pick,
  read,
  record,
  reshape,
  softmax,
  softmaxCrossEntropy,
  store,
  subtract,
  sum,
  updateRunningStatistics,
} from '../../src/ops/index.ts';
import { accumulate } from '../../src/ops/state/accumulate.ts';
import { advance } from '../../src/ops/state/advance.ts';
import { append } from '../../src/ops/state/append.ts';
import { take } from '../../src/ops/state/take.ts';
import type { Draw } from './draw.ts';
import type { Tracing } from './tracing.ts';

export interface InvalidCall {
  /** Any of these names what was wrong. */
  readonly names: readonly string[];
  call(to: Tracing, draw: Draw): void;
}

/** Another shape, with other elements; at times of the same rank. */
function unlike(draw: Draw, shape: readonly number[]): number[] {
  return draw.of([[...shape.slice(0, -1), (shape.at(-1) ?? 1) + 1], [...shape, 2], [2 * size(shape) + 1]]);
}

/** A leaf of a shape, a constant now and then: those are folded before any kernel sees them. */
function leaf(to: Tracing, draw: Draw, shape: readonly number[]): Tensor {
  return draw.chance(50)
    ? to.call(fill, to.graph, draw.of([0, 1, 2]), shape)
    : to.call(read, to.graph, to.state({ shape, replicated: to.someReplicated(draw), kind: 'signed' }));
}

/** What comes of it is stored, so that it is no dead code. */
function seen(to: Tracing, made: Tensor): void {
  const { shape, dtype, replicated } = made;
  to.call(store, to.state({ shape, dtype, replicated, kind: dtype === 'u32' ? 'words' : 'signed' }), made);
}

const differing =
  (f: (x: Tensor, y: Tensor) => Tensor) =>
  (to: Tracing, draw: Draw): void => {
    const x = to.some(draw);
    const y = leaf(to, draw, unlike(draw, x.shape));
    seen(to, draw.chance(50) ? to.call(f, y, x) : to.call(f, x, y));
  };

const replicatedState = (to: Tracing, shape: readonly number[], dtype: 'f32' | 'u32' = 'f32'): State =>
  to.state({ shape, dtype, replicated: true, kind: dtype === 'u32' ? 'words' : 'signed' });
const sharedState = (to: Tracing, shape: readonly number[], dtype: 'f32' | 'u32' = 'f32'): State =>
  to.state({ shape, dtype, replicated: false, kind: dtype === 'u32' ? { below: 3 } : 'signed' });
const readReplicated = (to: Tracing, shape: readonly number[]): Tensor =>
  to.call(read, to.graph, replicatedState(to, shape));
const zeroCounters = (to: Tracing, replicated = false): State =>
  to.state({ shape: [3], dtype: 'u32', replicated, kind: { list: [0, 0, 0] } });

/** Calls that the engine must refuse, when they are traced or when the program is compiled. */
export const invalidCalls: Readonly<Record<string, InvalidCall>> = {
  addOfTwoShapes: { names: ['add'], call: differing(add) },
  multiplyOfTwoShapes: { names: ['multiply'], call: differing(multiply) },
  subtractOfTwoShapes: { names: ['subtract'], call: differing(subtract) },
  dotOfTwoShapes: { names: ['dot'], call: differing(dot) },
  matmulOfTwoDepths: {
    names: ['matmul'],
    call: (to, draw) => seen(to, to.call(matmul, 'NN', leaf(to, draw, [3, 4]), leaf(to, draw, [5, 2]))),
  },
  matmulOfRankThree: {
    names: ['matmul'],
    call: (to, draw) => seen(to, to.call(matmul, 'NN', leaf(to, draw, [3, 4, 1]), leaf(to, draw, [4, 2]))),
  },
  batchedMatmulOfTwoBatches: {
    names: ['batchedMatmul'],
    call: (to, draw) =>
      seen(to, to.call(batchedMatmul, 'NT', leaf(to, draw, [2, 3, 4]), leaf(to, draw, [3, 2, 4]))),
  },
  linearOfAnotherBias: {
    names: ['linear'],
    call: (to, draw) =>
      seen(to, to.call(linear, leaf(to, draw, [2, 3]), leaf(to, draw, [4, 3]), leaf(to, draw, [5]))),
  },
  linearOfRankThree: {
    names: ['linear'],
    call: (to, draw) => seen(to, to.call(linear, leaf(to, draw, [2, 3, 5]), leaf(to, draw, [4, 3]), null)),
  },
  reshapeToMore: {
    names: ['reshape'],
    call: (to, draw) => {
      const x = to.some(draw);
      seen(to, to.call(reshape, x, [size(x.shape) + 1]));
    },
  },
  sumPastTheAxes: {
    names: ['sum'],
    call: (to, draw) => {
      const x = to.some(draw);
      seen(to, to.call(sum, x, { from: 0, to: x.shape.length + 1 }));
    },
  },
  maxPastTheAxes: {
    names: ['max'],
    call: (to, draw) => {
      const x = to.some(draw);
      seen(to, to.call(max, x, { from: x.shape.length, to: x.shape.length + 1 }));
    },
  },
  broadcastOfAnotherShape: {
    names: ['broadcast'],
    call: (to, draw) => seen(to, to.call(broadcast, leaf(to, draw, [3]), [2, 4], { from: 0, to: 1 })),
  },
  softmaxOfAScalar: {
    names: ['softmax'],
    call: (to, draw) => seen(to, to.call(softmax, leaf(to, draw, []))),
  },
  crossEntropyOfTwoBatches: {
    names: ['softmaxCrossEntropy'],
    call: (to, draw) => {
      const labels = to.call(read, to.graph, sharedState(to, [4], 'u32'));
      seen(to, to.call(softmaxCrossEntropy, leaf(to, draw, [5, 3]), labels));
    },
  },
  crossEntropyOfFloatLabels: {
    names: ['softmaxCrossEntropy'],
    call: (to, draw) => {
      seen(to, to.call(softmaxCrossEntropy, leaf(to, draw, [5, 3]), to.like(draw, [5])));
    },
  },
  correctOfTwoBatches: {
    names: ['correct'],
    call: (to, draw) => {
      const labels = to.call(read, to.graph, sharedState(to, [4], 'u32'));
      seen(to, to.call(correct, leaf(to, draw, [5, 3]), labels));
    },
  },
  pickByFloats: {
    names: ['pick'],
    call: (to, draw) =>
      seen(to, to.call(pick, leaf(to, draw, [5, 3]), to.like(draw, [5]), { from: 1, to: 2 })),
  },
  addOfIndices: {
    names: ['add'],
    call: (to) => {
      const x = to.call(read, to.graph, sharedState(to, [3], 'u32'));
      seen(to, to.call(add, x, x));
    },
  },
  dotsOfAnotherLength: {
    names: ['dots'],
    call: (to, draw) => seen(to, to.call(dots, leaf(to, draw, [2, 8]), leaf(to, draw, [4]))),
  },
  packOfAnotherShape: {
    names: ['pack'],
    call: (to, draw) => {
      const layout = to.call(flatLayout, [{ name: 'w', shape: [3, 2] }]);
      seen(to, to.call(pack, layout, [leaf(to, draw, [2, 3])]));
    },
  },
  conv2dOfOtherChannels: {
    names: ['conv2d'],
    call: (to, draw) =>
      seen(to, to.call(conv2d, leaf(to, draw, [1, 2, 4, 4]), leaf(to, draw, [3, 1, 2, 2]), null)),
  },
  maxPool2dOfRankThree: {
    names: ['maxPool2d'],
    call: (to, draw) => seen(to, to.call(maxPool2d, leaf(to, draw, [2, 4, 4]), [2, 2])),
  },
  normalizeOfAnotherView: {
    names: ['normalize'],
    call: (to, draw) =>
      seen(to, to.call(normalize, leaf(to, draw, [2, 4]), { outer: 2, channels: 3, inner: 1 }, 1e-5).y),
  },
  channelDotOfTwoShapes: {
    names: ['channelDot'],
    call: (to, draw) => {
      const view = { outer: 2, channels: 4, inner: 1 };
      seen(to, to.call(channelDot, leaf(to, draw, [2, 4]), leaf(to, draw, [4, 2]), view));
    },
  },
  denseNormsOfTwoBatches: {
    names: ['denseNorms'],
    call: (to, draw) => seen(to, to.call(denseNorms, leaf(to, draw, [2, 4]), leaf(to, draw, [3, 2]))[0]),
  },
  denseMomentsOfTwoBatches: {
    names: ['denseMoments'],
    call: (to, draw) =>
      seen(to, to.call(denseMoments, leaf(to, draw, [2, 4]), leaf(to, draw, [3, 2]), false).gradient[0]!),
  },
  storeOfMore: {
    names: ['store'],
    call: (to, draw) => {
      const x = to.some(draw);
      to.call(store, sharedState(to, [size(x.shape) + 1]), x);
    },
  },
  storeOfReplicated: {
    names: ['store'],
    call: (to) => to.call(store, sharedState(to, [3]), readReplicated(to, [3])),
  },
  storeOfAnotherType: {
    names: ['store'],
    call: (to, draw) => to.call(store, sharedState(to, [3], 'u32'), to.like(draw, [3])),
  },
  accumulateItself: {
    names: ['accumulate'],
    call: (to) => {
      const state = sharedState(to, [3]);
      to.call(accumulate, state, to.call(read, to.graph, state));
    },
  },
  accumulateOfReplicated: {
    names: ['accumulate'],
    call: (to) => to.call(accumulate, sharedState(to, [3]), readReplicated(to, [3])),
  },
  accumulateOfMore: {
    names: ['accumulate'],
    call: (to, draw) => to.call(accumulate, sharedState(to, [4]), to.like(draw, [5])),
  },
  accumulateOfAnotherType: {
    names: ['accumulate'],
    call: (to, draw) => to.call(accumulate, sharedState(to, [3], 'u32'), to.like(draw, [3])),
  },
  appendOfReplicated: {
    names: ['append'],
    call: (to) => to.call(append, sharedState(to, [9, 2]), readReplicated(to, [2, 2]), zeroCounters(to)),
  },
  appendAtReplicatedCursors: {
    names: ['append'],
    call: (to, draw) =>
      to.call(append, sharedState(to, [9, 2]), to.like(draw, [1, 2]), zeroCounters(to, true)),
  },
  appendOfAnotherType: {
    names: ['append'],
    call: (to, draw) =>
      to.call(append, sharedState(to, [9, 2], 'u32'), to.like(draw, [2, 2]), zeroCounters(to)),
  },
  appendOfMore: {
    names: ['append'],
    call: (to, draw) => to.call(append, sharedState(to, [4, 2]), to.like(draw, [5, 2]), zeroCounters(to)),
  },
  takeOfMore: {
    names: ['take'],
    call: (to) => seen(to, to.call(take, to.graph, sharedState(to, [4, 2]), 5, zeroCounters(to))),
  },
  advanceByNothing: {
    names: ['advance'],
    call: (to) => to.call(advance, to.graph, zeroCounters(to), 0, 5),
  },
  recordOfReplicated: {
    names: ['record'],
    call: (to) => {
      const recorder = { counters: zeroCounters(to), ring: sharedState(to, [3, 1]), examples: 5 };
      to.call(record, recorder, readReplicated(to, [2]), []);
    },
  },
  mergeMomentsOfReplicated: {
    names: ['mergeMoments'],
    call: (to, draw) => {
      const into = {
        mean: sharedState(to, [5]),
        centredSquares: sharedState(to, [5]),
        counters: zeroCounters(to),
      };
      to.call(mergeMoments, into, readReplicated(to, [5]), to.like(draw, [5]), 2);
    },
  },
  runningStatisticsOfReplicated: {
    names: ['runningStatistics', 'updateRunningStatistics'],
    call: (to, draw) => {
      const into = { state: sharedState(to, [192]), meanAt: 0, varianceAt: 64, countAt: 128, momentum: 0.1 };
      to.call(updateRunningStatistics, into, readReplicated(to, [5]), to.like(draw, [5]), 4);
    },
  },
  histogramOfReplicated: {
    names: ['histogram'],
    call: (to, draw) => {
      const bins = { gradient: { from: -1, to: 1, count: 4 } };
      to.call(
        histogram,
        sharedState(to, [5], 'u32'),
        { x: readReplicated(to, [2, 3]), delta: to.like(draw, [2, 2]) },
        bins,
      );
    },
  },
  /** A state that was made for another number of replicas. */
  stateOfOtherReplicas: {
    names: ['read', 'replicas', 'store'],
    call: (to, draw) => {
      const others = draw.of([to.replicas + 1, 2, to.replicas + 3]);
      const state = to.state({ shape: [3], replicated: true, kind: 'signed' }, others);
      if (draw.chance(50)) seen(to, to.call(add, to.call(read, to.graph, state), leaf(to, draw, [3])));
      else to.call(store, state, leaf(to, draw, [3]));
    },
  },
  /** A read used after its state was written. */
  staleRead: {
    names: ['read', 'add'],
    call: (to, draw) => {
      const state = replicatedState(to, [3]);
      const old = to.call(read, to.graph, state);
      const kept = draw.chance(50) ? old : to.call(reshape, old, [1, 3]);
      to.call(store, state, leaf(to, draw, [3]));
      seen(to, to.call(add, kept, leaf(to, draw, kept.shape)));
    },
  },
};

/** Those that have been met in the field are drawn oftener. */
const OFTENER = ['addOfTwoShapes', 'multiplyOfTwoShapes', 'stateOfOtherReplicas', 'staleRead'];

/** The names of all, each as often as it is to be drawn. */
export const weightedCalls: readonly string[] = [
  ...Object.keys(invalidCalls),
  ...Array.from({ length: 4 }, () => OFTENER).flat(),
];
