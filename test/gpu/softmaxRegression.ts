import type { pointOf } from './randomPoint.ts';

/** Softmax regression: gₙ = (p − e_y) ⊗ (x, 1) and Hₙ = (diag p − ppᵀ) ⊗ (x, 1)(x, 1)ᵀ, weights before biases. */
export function softmaxRegression(
  { x, labels, values, classes, layout }: Awaited<ReturnType<typeof pointOf>>,
  inputs: number,
) {
  const [w, b] = layout.entries.map(({ offset, elements }) => values.subarray(offset, offset + elements));
  const P = classes * inputs + classes;
  const place = (c: number, k: number): number => (k < inputs ? c * inputs + k : classes * inputs + c);
  return Array.from(labels, (label, n) => {
    const input = [...x.subarray(n * inputs, (n + 1) * inputs), 1];
    const z = Array.from({ length: classes }, (_, c) =>
      input.reduce((sum, value, k) => sum + value * (k < inputs ? w![c * inputs + k]! : b![c]!), 0),
    );
    const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
    const p = z.map((value) => Math.exp(value) / total);
    const gradient = new Float64Array(P);
    const hessian = Array.from({ length: P }, () => new Float64Array(P));
    for (let c = 0; c < classes; c++) {
      input.forEach((xi, k) => {
        gradient[place(c, k)] = (p[c]! - (c === label ? 1 : 0)) * xi;
        for (let d = 0; d < classes; d++) {
          const curved = p[c]! * ((c === d ? 1 : 0) - p[d]!);
          input.forEach((xj, l) => {
            hessian[place(c, k)]![place(d, l)] = curved * xi * xj;
          });
        }
      });
    }
    return { gradient, hessian };
  });
}
