import { addPresent } from './add.ts';
import { applyBinary, defineBinary } from './elementwise.ts';
import type { Tensor } from './graph.ts';
import { multiply } from './multiply.ts';
import { scale } from './scale.ts';
import { sigmoid } from './sigmoid.ts';
import { subtract } from './subtract.ts';

/** ∂ℓ/∂z = σ(z) − y */
const inLogit = (by: Tensor, z: Tensor, y: Tensor): Tensor => multiply(by, subtract(sigmoid(z), y));
/** ∂ℓ/∂y = −z */
const inTarget = (by: Tensor, z: Tensor): Tensor => scale(multiply(by, z), -1);

const binaryCrossEntropyOp = defineBinary('binaryCrossEntropy', {
  vjp: ({ inputs: [z, y] }, [d]) => (d ? [inLogit(d, z!, y!), inTarget(d, z!)] : [null, null]),
  jvp: ({ inputs: [z, y] }, [dz, dy]) => [
    addPresent(dz ? inLogit(dz, z!, y!) : null, dy ? inTarget(dy, z!) : null),
  ],
});

/**
 * Loss of each logit z against the probability y of yes, as torch.nn.functional.binary_cross_entropy_with_logits with
 * reduction='none': ℓ = −y·log σ(z) − (1 − y)·log(1 − σ(z)) = log(1 + eᶻ) − y·z. Of two tensors of one shape, one of it.
 * Of y from 0 to 1 nothing cancels, so that a loss of 10⁻⁹ has its digits too. An infinite loss is infinite; z = ±∞ against the
 * y that it is sure of is NaN, as in PyTorch.
 * @throws if the shapes differ
 */
export function binaryCrossEntropy(z: Tensor, y: Tensor): Tensor {
  return applyBinary(binaryCrossEntropyOp, z, y);
}
