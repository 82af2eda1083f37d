import { concatenate } from './concatenate.ts';
import { fill } from './fill.ts';
import type { Tensor } from './graph.ts';
import type { MaybeTensor } from './op.ts';
import { permute } from './permute.ts';
import { reshape } from './reshape.ts';
import { slice } from './slice.ts';

/** Rows of heads side by side as matrices of one head: [N, T, H·d] → [H·N, T, d]. */
export function headsApart(x: Tensor, heads: number): Tensor {
  const [examples, places, width] = x.shape as [number, number, number];
  const each = width / heads;
  const first = permute(reshape(x, [examples, places, heads, each]), [2, 0, 1, 3]);
  return reshape(first, [heads * examples, places, each]);
}

/** The other way: [H·N, T, d] → [N, T, H·d]. */
export function headsTogether(x: Tensor, heads: number): Tensor {
  const [matrices, places, each] = x.shape as [number, number, number];
  const last = permute(reshape(x, [heads, matrices / heads, places, each]), [1, 2, 0, 3]);
  return reshape(last, [matrices / heads, places, heads * each]);
}

/** Queries, keys and values of rows that hold all three: [N, T, 3·H·d] → three of [H·N, T, d]. */
export function thirds(x: Tensor, heads: number): readonly Tensor[] {
  const apart = headsApart(x, 3 * heads);
  const matrices = apart.shape[0]! / 3;
  return [0, 1, 2].map((third) => slice(apart, 0, third * matrices, (third + 1) * matrices));
}

/** The other way, with zeros for what is null; null where all are. */
export function ofThirds(parts: readonly MaybeTensor[], heads: number): Tensor | null {
  const known = parts.find((part) => part);
  if (!known) return null;
  const all = parts.map((part) => part ?? fill(known.node.graph, 0, known.shape));
  return headsTogether(concatenate(all, 0), 3 * heads);
}
