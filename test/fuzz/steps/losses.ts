import type { Tensor } from '../../../src/ops/graph.ts';
import {
  correct,
  read,
  softmax,
  softmaxCrossEntropy,
  softTargetCrossEntropy,
} from '../../../src/ops/index.ts';
import type { Draw } from '../draw.ts';
import type { Tracing } from '../tracing.ts';
import type { Step } from './step.ts';

/** Class indices [rows], in range. */
export function labelsOf(to: Tracing, draw: Draw, rows: number, classes: number): Tensor {
  const state = to.state({
    shape: [rows],
    dtype: 'u32',
    replicated: to.someReplicated(draw),
    kind: { below: classes },
  });
  return to.call(read, to.graph, state);
}

export const losses: Readonly<Record<string, Step>> = {
  softmax: (to, draw) => {
    to.call(softmax, to.some(draw, [1, 2, 3]));
  },
  softmaxCrossEntropy: (to, draw) => {
    const z = to.some(draw, [2]);
    to.call(softmaxCrossEntropy, z, labelsOf(to, draw, z.shape[0]!, z.shape[1]!));
  },
  softTargetCrossEntropy: (to, draw) => {
    const z = to.some(draw, [2]);
    to.call(softTargetCrossEntropy, z, to.like(draw, z.shape));
  },
  correct: (to, draw) => {
    const z = to.some(draw, [2]);
    to.call(correct, z, labelsOf(to, draw, z.shape[0]!, z.shape[1]!));
  },
};
