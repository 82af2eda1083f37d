import { type Bounded, multiply, sumOf } from './bounded.ts';
import type { Rule } from './rule.ts';
import { shiftedSquares } from './sums.ts';
import { at, make, type Values } from './values.ts';

function rowNorm(x: Values, columns: number, n: number): Bounded {
  return sumOf(
    Array.from({ length: columns }, (_, k) => multiply(at(x, n * columns + k), at(x, n * columns + k))),
  );
}

export const moments: Readonly<Record<string, Rule>> = {
  denseNorms: ({ inputs: [x, delta] }, [values, deltas]) => {
    const bias = make(delta!.shape[0]!, (n) => rowNorm(deltas!, delta!.shape[1]!, n));
    return [make(x!.shape[0]!, (n) => multiply(rowNorm(values!, x!.shape[1]!, n), at(bias, n))), bias];
  },
  denseMoments: (node, [values, deltas], memory) => {
    const {
      inputs: [x, delta],
      attributes: { bias },
    } = node;
    const [batch, columns] = x!.shape as [number, number];
    const outputs = delta!.shape[1]!;
    const over = (g: (n: number) => Bounded) => shiftedSquares(Array.from({ length: batch }, (_, n) => g(n)));
    const weight = Array.from({ length: outputs * columns }, (_, p) =>
      over((n) =>
        multiply(
          at(deltas!, n * outputs + Math.floor(p / columns)),
          at(values!, n * columns + (p % columns)),
        ),
      ),
    );
    const shift = Array.from({ length: outputs }, (_, l) => over((n) => at(deltas!, n * outputs + l)));
    const split = (of: typeof weight): readonly Values[] => [
      make(of.length, (i) => of[i]!.mean),
      make(of.length, (i) => of[i]!.squares),
    ];
    const norms = moments.denseNorms!(node, [values!, deltas!], memory);
    return [...split(weight), ...norms, ...(bias ? split(shift) : [])];
  },
};
