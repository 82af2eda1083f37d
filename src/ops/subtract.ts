import { applyBinary, defineBinary } from './elementwise.ts';
import type { Tensor } from './graph.ts';
import { scale } from './scale.ts';

const subtractOp = defineBinary('subtract', {
  vjp: (_, [d]) => [d ?? null, d ? scale(d, -1) : null],
  jvp: (_, [dx, dy]) => [dx && dy ? subtract(dx, dy) : (dx ?? (dy ? scale(dy, -1) : null))],
});

/**
 * z = x − y.
 * @throws if the shapes differ
 */
export function subtract(x: Tensor, y: Tensor): Tensor {
  return applyBinary(subtractOp, x, y);
}
