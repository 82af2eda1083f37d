import { size, type Tensor } from '../ops/graph.ts';
import { linear } from '../ops/linear.ts';
import { reshape } from '../ops/reshape.ts';

/**
 * Z = X·Wᵀ + b along the last axis, as torch.nn.Linear: x […, K] → […, L]. The rows of one example stand together, so that its gradient
 * is a sum over its places.
 */
export function linearOver(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  const before = x.shape.slice(0, -1);
  const rows = reshape(x, [size(before), x.shape.at(-1)!]);
  return reshape(linear(rows, weight, bias), [...before, weight.shape[0]!]);
}
