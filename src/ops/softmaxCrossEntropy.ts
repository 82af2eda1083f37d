import kernel from '../../shaders/loss/softmaxCrossEntropy.wgsl';
import { showShape } from '../host/showShape.ts';
import { addPresent } from './add.ts';
import { broadcastWithin } from './broadcast.ts';
import { constantOf, fill } from './fill.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { apply, applyAll, defineOp, expectShape, type Op } from './op.ts';
import { rowGrid } from './plans/linearGrid.ts';
import { requireTensors } from './requireTensor.ts';
import { softmax } from './softmax.ts';
import { softmaxJacobian } from './softmaxJacobian.ts';
import { rowSum } from './sum.ts';

const ones = (z: Tensor): Tensor => fill(z.node.graph, 1, [z.shape[0]!]);

export const softmaxCrossEntropyOp = defineOp({
  name: 'softmaxCrossEntropy',
  takes: ['f32', 'u32'],
  vjp: ({ inputs: [z, labels] }, [d]) => [d ? softmaxCrossEntropyGradient(z!, labels!, d) : null, null],
  jvp: ({ inputs: [z, labels] }, [dz]) => [
    dz ? rowSum(multiply(dz, softmaxCrossEntropyGradient(z!, labels!, ones(z!)))) : null,
  ],
  lower: ({ inputs: [z, labels], outputs: [loss] }, to) => {
    const [rows, classes] = z!.shape as [number, number];
    to.dispatch(
      {
        source: kernel,
        knobs: { GRADIENT: false, WEIGHTED: false },
        params: { rows, classes, scale: 1 },
        grid: rowGrid(rows),
      },
      { z: z!, labels: labels!, loss: loss! },
    );
  },
});

/** Refuses what are no logits [N, C] and labels [N]. */
export function requireLogits(op: string, z: Tensor, labels: Tensor): void {
  requireTensors(op, [z, labels]);
  if (z.shape.length !== 2 || labels.shape.length !== 1 || labels.shape[0] !== z.shape[0]) {
    throw new Error(
      `${op}: logits ${showShape(z.shape)} and labels ${showShape(labels.shape)}, expected [N, C] and [N]`,
    );
  }
}

/**
 * Loss of each example: ℓₙ = log Σ_c exp z[n, c] − z[n, yₙ]. z [N, C] logits, labels [N] u32 → [N].
 * @throws if the shapes do not fit.
 */
export function softmaxCrossEntropy(z: Tensor, labels: Tensor): Tensor {
  requireLogits('softmaxCrossEntropy', z, labels);
  return apply(softmaxCrossEntropyOp, [z, labels], {}, { shape: [z.shape[0]!] });
}

/** w[n]·(diag p − p pᵀ) v for each row of logits, p their softmax; a constant w is folded into its kernel. */
function weightedJacobian(z: Tensor, w: Tensor, v: Tensor): Tensor {
  const constant = constantOf(w);
  const p = softmax(z);
  if (constant !== null) return softmaxJacobian(p, v, constant);
  return multiply(softmaxJacobian(p, v), broadcastWithin(w, z.shape));
}

export const softmaxCrossEntropyGradientOp = defineOp({
  name: 'softmaxCrossEntropyGradient',
  takes: ['f32', 'u32'],
  vjp: ({ inputs: [z, labels, w] }, [c]) => {
    if (!c) return [null, null, null];
    const perLogit = softmaxCrossEntropyGradient(z!, labels!, ones(z!));
    return [weightedJacobian(z!, w!, c), null, rowSum(multiply(c, perLogit))];
  },
  jvp: ({ inputs: [z, labels, w] }, [dz, , dw]) => [
    addPresent(
      dz ? weightedJacobian(z!, w!, dz) : null,
      dw ? softmaxCrossEntropyGradient(z!, labels!, dw) : null,
    ),
  ],
  lower: ({ inputs: [z, labels, w], outputs: [gradient] }, to) => {
    const [rows, classes] = z!.shape as [number, number];
    const constant = constantOf(w!);
    to.dispatch(
      {
        source: kernel,
        knobs: { LOSS: false, WEIGHTED: constant === null },
        params: { rows, classes, scale: constant ?? 1 },
        grid: rowGrid(rows),
      },
      { z: z!, labels: labels!, gradient: gradient!, ...(constant === null ? { weights: w! } : {}) },
    );
  },
});

/**
 * w[n]·∂ℓₙ/∂z: (softmax(z) − onehot(y))·w. z [N, C], labels [N], w [N] → [N, C].
 * @throws if the shapes do not fit.
 */
export function softmaxCrossEntropyGradient(z: Tensor, labels: Tensor, w: Tensor): Tensor {
  requireLogits('softmaxCrossEntropyGradient', z, labels);
  expectShape('softmaxCrossEntropyGradient', 'the weights', w.shape, labels.shape);
  return apply(softmaxCrossEntropyGradientOp, [z, labels, w], {}, { shape: z.shape });
}

/** Loss and gradient from one reading of the logits. Made by the compiler, which has no need to differentiate it. */
const fusedOp: Op = {
  name: 'softmaxCrossEntropyWithGradient',
  takes: ['f32', 'u32'],
  lower: ({ inputs: [z, labels, w], outputs: [loss, gradient] }, to) => {
    const [rows, classes] = z!.shape as [number, number];
    const constant = constantOf(w!);
    to.dispatch(
      {
        source: kernel,
        knobs: { WEIGHTED: constant === null },
        params: { rows, classes, scale: constant ?? 1 },
        grid: rowGrid(rows),
      },
      {
        z: z!,
        labels: labels!,
        loss: loss!,
        gradient: gradient!,
        ...(constant === null ? { weights: w! } : {}),
      },
    );
  },
};

/** [loss, gradient] of `softmaxCrossEntropy` and `softmaxCrossEntropyGradient` at once. */
export function softmaxCrossEntropyWithGradient(
  z: Tensor,
  labels: Tensor,
  w: Tensor,
): readonly [Tensor, Tensor] {
  const types = [{ shape: [z.shape[0]!] }, { shape: z.shape }];
  return applyAll(fusedOp, [z, labels, w], {}, types) as unknown as readonly [Tensor, Tensor];
}
