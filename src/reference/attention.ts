type Numbers = ArrayLike<number>;

/** Matrices [places, width] of queries, keys and values, and by what their products are multiplied. */
export interface AttentionExtents {
  places: number;
  width: number;
  causal: boolean;
  scale: number;
}

/** What attention makes of each matrix: o [places, width], and the logarithms of the softmaxes' denominators, l [places]. */
export interface Attended {
  o: Float64Array;
  l: Float64Array;
}

/** Scores of query t with the keys that it sees, row t of matrix m being row m·places + t. */
function scoresOf(q: Numbers, k: Numbers, row: number, shape: AttentionExtents): number[] {
  const { places, width, causal, scale } = shape;
  const t = row % places;
  const scores: number[] = [];
  for (let j = 0; j < (causal ? t + 1 : places); j++) {
    let score = 0;
    for (let e = 0; e < width; e++) {
      score += (q[row * width + e] as number) * (k[(row - t + j) * width + e] as number);
    }
    scores.push(scale * score);
  }
  return scores;
}

/** o_t = Σ_j p_tj v_j, p_t the softmax of scale·q_t·k_j over all j, or over j ≤ t; in float64. q, k and v [matrices, places, width]. */
export function attention(q: Numbers, k: Numbers, v: Numbers, shape: AttentionExtents): Attended {
  const { places, width } = shape;
  const o = new Float64Array(q.length);
  const l = new Float64Array(q.length / width);
  for (let row = 0; row < l.length; row++) {
    const scores = scoresOf(q, k, row, shape);
    const first = row - (row % places);
    const top = scores.reduce((a, b) => Math.max(a, b));
    const total = scores.reduce((sum, score) => sum + Math.exp(score - top), 0);
    l[row] = top + Math.log(total);
    scores.forEach((score, j) => {
      const weight = Math.exp(score - top) / total;
      for (let e = 0; e < width; e++) {
        o[row * width + e] = (o[row * width + e] as number) + weight * (v[(first + j) * width + e] as number);
      }
    });
  }
  return { o, l };
}

/** The gradients of ⟨d, o⟩ in q, k and v; in float64. */
export function attentionGradient(
  q: Numbers,
  k: Numbers,
  v: Numbers,
  d: Numbers,
  shape: AttentionExtents,
): { dq: Float64Array; dk: Float64Array; dv: Float64Array } {
  const { places, width, scale } = shape;
  const { o, l } = attention(q, k, v, shape);
  const dq = new Float64Array(q.length);
  const dk = new Float64Array(q.length);
  const dv = new Float64Array(q.length);
  for (let row = 0; row < l.length; row++) {
    const first = row - (row % places);
    let along = 0;
    for (let e = 0; e < width; e++) along += (d[row * width + e] as number) * (o[row * width + e] as number);
    scoresOf(q, k, row, shape).forEach((score, j) => {
      const weight = Math.exp(score - (l[row] as number));
      let slope = 0;
      for (let e = 0; e < width; e++) {
        slope += (d[row * width + e] as number) * (v[(first + j) * width + e] as number);
      }
      const ds = scale * weight * (slope - along);
      for (let e = 0; e < width; e++) {
        const [own, other] = [row * width + e, (first + j) * width + e];
        dq[own] = (dq[own] as number) + ds * (k[other] as number);
        dk[other] = (dk[other] as number) + ds * (q[own] as number);
        dv[other] = (dv[other] as number) + weight * (d[own] as number);
      }
    });
  }
  return { dq, dk, dv };
}
