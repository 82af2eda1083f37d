import { addPresent } from './add.ts';
import { batchedMatmul } from './batchedMatmul.ts';
import { size, type Tensor } from './graph.ts';
import type { MatmulForm } from './matmul.ts';
import type { MaybeTensor } from './op.ts';
import { reshape } from './reshape.ts';
import { scale } from './scale.ts';
import { softmax } from './softmax.ts';
import { softmaxJacobian, softmaxJacobianTangent } from './softmaxJacobian.ts';

/** How scores become weights. */
export interface Scores {
  /** Query t sees the keys up to its own place t alone. */
  readonly causal: boolean;
  /** By what the products of queries and keys are multiplied. */
  readonly scale: number;
}

/** Null where what is multiplied is. */
function product(form: MatmulForm, a: MaybeTensor, b: MaybeTensor): Tensor | null {
  return a && b ? batchedMatmul(form, a, b) : null;
}

const rowsOf = (x: Tensor): Tensor => reshape(x, [size(x.shape.slice(0, -1)), x.shape.at(-1)!]);

/** (diag p − p pᵀ) s for each row of matrices. */
function jacobian(p: Tensor, s: Tensor): Tensor {
  return reshape(softmaxJacobian(rowsOf(p), rowsOf(s)), p.shape);
}

function weights(q: Tensor, k: Tensor, { causal, scale: factor }: Scores): Tensor {
  return softmax(batchedMatmul('NT', scale(q, factor), k), { causal });
}

/** The tangent of the weights P = softmax S of S = c·q·kᵀ: P∘(S′ − rowsum(P∘S′)), S′ = c·(q′·kᵀ + q·k′ᵀ). */
function weightsTangent(
  p: Tensor,
  [q, k]: readonly Tensor[],
  [dq, dk]: readonly MaybeTensor[],
  { scale: factor }: Scores,
): Tensor | null {
  const ds = addPresent(
    product('NT', dq && scale(dq, factor), k),
    product('NT', dk && scale(q!, factor), dk),
  );
  return ds && jacobian(p, ds);
}

/**
 * How o = P·v changes with q, k and v [M, T, d]: P′·v + P·v′. By ops that keep matrices [M, T, T]. Null where nothing changes.
 * @param tangents of q, k and v
 */
export function attentionTangent(
  of: readonly Tensor[],
  tangents: readonly MaybeTensor[],
  options: Scores,
): Tensor | null {
  const p = weights(of[0]!, of[1]!, options);
  const dp = weightsTangent(p, of, tangents, options);
  return addPresent(product('NN', dp, of[2]), product('NN', p, tangents[2]));
}

/**
 * How the gradients of ⟨d, o⟩ change with q, k, v and d: of dq = c·G·k, dk = c·Gᵀ·q and dv = Pᵀ·d, G = P∘(d·vᵀ − rowsum(P∘d·vᵀ)),
 * by the product rule. By ops that keep matrices [M, T, T]. Null where nothing changes.
 * @param of q, k, v and d
 * @param tangents of the same
 */
export function attentionGradientTangent(
  of: readonly Tensor[],
  tangents: readonly MaybeTensor[],
  options: Scores,
): readonly (Tensor | null)[] {
  const [q, k, v, d] = of as readonly [Tensor, Tensor, Tensor, Tensor];
  const [qTangent, kTangent, vTangent, dTangent] = tangents;
  const p = weights(q, k, options);
  const pTangent = weightsTangent(p, of, tangents, options);
  const slopes = batchedMatmul('NT', d, v);
  const slopesTangent = addPresent(product('NT', dTangent, v), product('NT', d, vTangent));
  const g = jacobian(p, slopes);
  const change = softmaxJacobianTangent(rowsOf(p), rowsOf(slopes), [
    pTangent && rowsOf(pTangent),
    slopesTangent && rowsOf(slopesTangent),
  ]);
  const gTangent = change && reshape(change, p.shape);
  const scaled = (x: Tensor | null): Tensor | null => x && scale(x, options.scale);
  return [
    scaled(addPresent(product('NN', gTangent, k), product('NN', g, kTangent))),
    scaled(addPresent(product('TN', gTangent, q), product('TN', g, qTangent))),
    addPresent(product('TN', pTangent, d), product('TN', p, dTangent)),
  ];
}
