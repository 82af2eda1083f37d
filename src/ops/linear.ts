import { showShape } from '../host/showShape.ts';
import { add, addPresent } from './add.ts';
import { broadcastRows } from './broadcast.ts';
import type { Tensor } from './graph.ts';
import { matmul } from './matmul.ts';
import { apply, defineOp, expectShape } from './op.ts';
import { outerProduct } from './perExample/outerProduct.ts';
import { requireTensors } from './requireTensor.ts';
import { sumRows } from './sum.ts';

const withBias = (z: Tensor, b: Tensor | undefined): Tensor =>
  b ? add(z, broadcastRows(b, z.shape[0]!)) : z;

const linearOp = defineOp({
  name: 'linear',
  expand: ({ inputs: [x, w, b] }) => [withBias(matmul('NT', x!, w!), b)],
  vjp: ({ inputs: [x, w, b] }, [d]) =>
    d
      ? [matmul('NN', d, w!), matmul('TN', d, x!), ...(b ? [sumRows(d)] : [])]
      : [null, null, ...(b ? [null] : [])],
  jvp: ({ inputs: [x, w], outputs: [z] }, [dx, dw, db]) => [
    addPresent(
      dx ? matmul('NT', dx, w!) : null,
      dw ? matmul('NT', x!, dw) : null,
      db ? broadcastRows(db, z!.shape[0]!) : null,
    ),
  ],
  perExample: ({ inputs: [x, , b] }, delta, examples) => [
    null,
    ...outerProduct(x!, delta, { examples, bias: b !== undefined }),
  ],
});

/**
 * Z = X·Wᵀ + b. X [B, K], W [L, K], b [L] or null → Z [B, L].
 * Per example n: ∂ℓₙ/∂W = δₙ xₙᵀ, so ‖∂ℓₙ/∂W‖² = ‖δₙ‖²‖xₙ‖² (Goodfellow 2015).
 * @throws if the shapes do not fit.
 */
export function linear(x: Tensor, w: Tensor, b: Tensor | null): Tensor {
  requireTensors('linear', b ? [x, w, b] : [x, w]);
  if (x.shape.length !== 2) throw new Error(`linear: x has shape ${showShape(x.shape)}, expected [B, K]`);
  const [batch, inputs] = x.shape as [number, number];
  const outputs = w.shape[0]!;
  expectShape('linear', 'the weight', w.shape, [outputs, inputs]);
  if (b) expectShape('linear', 'the bias', b.shape, [outputs]);
  return apply(linearOp, b ? [x, w, b] : [x, w], {}, { shape: [batch, outputs] });
}
