import { addPresent } from './add.ts';
import { applyBinary, defineBinary, requireSameShape } from './elementwise.ts';
import { constantOf } from './fill.ts';
import type { Tensor } from './graph.ts';
import { scale } from './scale.ts';

const multiplyOp = defineBinary('multiply', {
  vjp: ({ inputs: [x, y] }, [d]) => [d ? multiply(d, y!) : null, d ? multiply(d, x!) : null],
  jvp: ({ inputs: [x, y] }, [dx, dy]) => [
    addPresent(dx ? multiply(dx, y!) : null, dy ? multiply(x!, dy) : null),
  ],
});

/**
 * z = x ∘ y.
 * @throws if the shapes differ
 */
export function multiply(x: Tensor, y: Tensor): Tensor {
  requireSameShape('multiply', x, y);
  const [cx, cy] = [constantOf(x), constantOf(y)];
  if (cy !== null) return scale(x, cy);
  if (cx !== null) return scale(y, cx);
  return applyBinary(multiplyOp, x, y);
}
