import { InputError } from '../host/inputError.ts';
import { showShape } from '../host/showShape.ts';
import { type Graph, sameShape, type Tensor } from '../ops/graph.ts';
import type { MaybeTensor } from '../ops/op.ts';
import { requireTensor } from '../ops/requireTensor.ts';

/** Whether several tensors were given. */
export function isList(given: Tensor | readonly Tensor[]): given is readonly Tensor[] {
  return Array.isArray(given);
}

/**
 * Refuses what is no tensor, and tensors of two traces.
 * @throws InputError naming both traces
 */
export function requireOneTrace(by: string, graph: Graph, tensors: readonly Tensor[]): void {
  for (const tensor of tensors) {
    requireTensor(by, 'operands', tensor);
    if (tensor.node.graph === graph) continue;
    const { label } = tensor.node.graph;
    throw new InputError(
      by,
      'operands',
      `a tensor of the trace of ${label} and one of that of ${graph.label}`,
    );
  }
}

/** Refuses what a rule gives where it has not the shapes of what it belongs to. */
export function requireLike(what: string, given: readonly MaybeTensor[], expected: readonly Tensor[]): void {
  given.forEach((tensor, i) => {
    const { shape } = expected[i] ?? {};
    if (!tensor || (shape && sameShape(tensor.shape, shape))) return;
    throw new Error(
      `${what} ${i} is ${showShape(tensor.shape)}, expected ${shape ? showShape(shape) : 'none'}`,
    );
  });
}
