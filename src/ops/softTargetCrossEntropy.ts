import kernel from '../../shaders/loss/softTargetCrossEntropy.wgsl';
import { showShape } from '../host/showShape.ts';
import { addPresent } from './add.ts';
import { broadcastWithin } from './broadcast.ts';
import { fill } from './fill.ts';
import { sameShape, type Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { apply, defineOp } from './op.ts';
import { rowGrid } from './plans/linearGrid.ts';
import { requireTensors } from './requireTensor.ts';
import { scale } from './scale.ts';
import { softmax } from './softmax.ts';
import { subtract } from './subtract.ts';
import { rowSum } from './sum.ts';

/** ∂ℓₙ/∂z[n, c] = (Σ_k y[n, k])·softmax(z)[n, c] − y[n, c]. */
function byLogits(z: Tensor, y: Tensor): Tensor {
  return subtract(multiply(softmax(z), broadcastWithin(rowSum(y), z.shape)), y);
}

/** ∂ℓₙ/∂y[n, c] = log Σ_k exp z[n, k] − z[n, c]: the loss of equal targets, and how far z[n, c] is from the mean. */
function byTargets(z: Tensor, y: Tensor): Tensor {
  const classes = z.shape[1]!;
  const ofEqual = softTargetCrossEntropy(z, fill(y.node.graph, 1 / classes, z.shape));
  const mean = scale(rowSum(z), 1 / classes);
  return subtract(broadcastWithin(addPresent(ofEqual, mean)!, z.shape), z);
}

const softTargetCrossEntropyOp = defineOp({
  name: 'softTargetCrossEntropy',
  vjp: ({ inputs: [z, y] }, [d]) => {
    if (!d) return [null, null];
    const each = broadcastWithin(d, z!.shape);
    return [multiply(each, byLogits(z!, y!)), multiply(each, byTargets(z!, y!))];
  },
  jvp: ({ inputs: [z, y] }, [dz, dy]) => [
    addPresent(
      dz ? rowSum(multiply(dz, byLogits(z!, y!))) : null,
      dy ? rowSum(multiply(dy, byTargets(z!, y!))) : null,
    ),
  ],
  lower: ({ inputs: [z, y], outputs: [loss] }, to) => {
    const [rows, classes] = z!.shape as [number, number];
    to.dispatch(
      { source: kernel, params: { rows, classes }, grid: rowGrid(rows) },
      { z: z!, y: y!, loss: loss! },
    );
  },
});

/**
 * Loss of each example against class probabilities, as torch.nn.functional.cross_entropy takes them:
 * ℓₙ = Σ_c y[n, c]·(log Σ_k exp z[n, k] − z[n, c]). z [N, C] logits, y [N, C] → [N]. The targets of an example need not
 * sum to 1.
 * @throws if the shapes differ
 */
export function softTargetCrossEntropy(z: Tensor, y: Tensor): Tensor {
  requireTensors('softTargetCrossEntropy', [z, y]);
  if (z.shape.length !== 2 || !sameShape(z.shape, y.shape)) {
    throw new Error(
      `softTargetCrossEntropy: logits ${showShape(z.shape)} and targets ${showShape(y.shape)}, expected two of [N, C]`,
    );
  }
  return apply(softTargetCrossEntropyOp, [z, y], {}, { shape: [z.shape[0]!] });
}
