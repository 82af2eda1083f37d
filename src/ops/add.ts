import { applyBinary, defineBinary, requireSameShape } from './elementwise.ts';
import { constantOf } from './fill.ts';
import type { Tensor } from './graph.ts';

const addOp = defineBinary('add', {
  vjp: (_, [d]) => [d ?? null, d ?? null],
  jvp: (_, [dx, dy]) => [dx && dy ? add(dx, dy) : (dx ?? dy ?? null)],
});

/**
 * z = x + y.
 * @throws if the shapes differ
 */
export function add(x: Tensor, y: Tensor): Tensor {
  requireSameShape('add', x, y);
  if (constantOf(x) === 0) return y;
  if (constantOf(y) === 0) return x;
  return applyBinary(addOp, x, y);
}

/** The sum of those that are there; null if none is. */
export function addPresent(...terms: readonly (Tensor | null)[]): Tensor | null {
  return terms.reduce((sum, term) => (sum && term ? add(sum, term) : (sum ?? term)), null);
}
