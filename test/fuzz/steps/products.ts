import type { Tensor } from '../../../src/ops/graph.ts';
import {
  add,
  batchedMatmul,
  broadcastRows,
  linear,
  matmul,
  matmulHalf,
  relu,
  sigmoid,
  tanh,
  toHalf,
} from '../../../src/ops/index.ts';
import type { MatmulForm } from '../../../src/ops/matmul.ts';
import type { Draw } from '../draw.ts';
import type { Tracing } from '../tracing.ts';
import type { Step } from './step.ts';

const FORMS: readonly MatmulForm[] = ['NN', 'NT', 'TN'];

interface Extents {
  readonly form: MatmulForm;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

function extents(to: Tracing, draw: Draw): Extents {
  return { form: draw.of(FORMS), m: to.extent(draw), n: to.extent(draw), k: to.extent(draw) };
}

const left = ({ form, m, k }: Extents): number[] => (form === 'TN' ? [k, m] : [m, k]);
const right = ({ form, n, k }: Extents): number[] => (form === 'NT' ? [n, k] : [k, n]);

/** A product with a matrix that is there, where there is one. */
function product(to: Tracing, draw: Draw): Tensor {
  const drawn = extents(to, draw);
  const a = to.any(draw, (t) => t.shape.length === 2) ?? to.like(draw, left(drawn));
  const [m, k] = drawn.form === 'TN' ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
  return to.call(matmul, drawn.form, a, to.like(draw, right({ ...drawn, m, k })));
}

export const products: Readonly<Record<string, Step>> = {
  matmul: (to, draw) => {
    product(to, draw);
  },
  /** What the compiler fuses: a second product, an addend, a bias, an activation, in any order. */
  matmulFused: (to, draw) => {
    const e = extents(to, draw);
    const multiplied = (): Tensor => to.call(matmul, e.form, to.like(draw, left(e)), to.like(draw, right(e)));
    let made = multiplied();
    const [m, n] = made.shape as [number, number];
    for (let i = draw.below(4); i > 0; i--) {
      const other = draw.of([
        () => to.call(broadcastRows, to.like(draw, [n]), m),
        multiplied,
        () => to.like(draw, [m, n]),
      ])();
      made = draw.chance(50) ? to.call(add, other, made) : to.call(add, made, other);
    }
    if (draw.chance(60)) to.call(draw.of([relu, tanh, sigmoid]), made);
  },
  batchedMatmul: (to, draw) => {
    const e = extents(to, draw);
    const small = { ...e, m: Math.min(e.m, 7), n: Math.min(e.n, 7), k: Math.min(e.k, 7) };
    const [first, second] = [draw.of([1, 2, 3]), draw.of([1, 2, 3])];
    const batch = (): number[] => draw.of([[], [second], [first, second], [1, second], [first, 1], [1]]);
    to.call(
      batchedMatmul,
      e.form,
      to.like(draw, [...batch(), ...left(small)]),
      to.like(draw, [...batch(), ...right(small)]),
    );
  },
  linear: (to, draw) => {
    const x = to.some(draw, [2]);
    const outputs = to.extent(draw);
    const w = to.like(draw, [outputs, x.shape[1]!]);
    const z = to.call(linear, x, w, draw.chance(70) ? to.like(draw, [outputs]) : null);
    if (draw.chance(50)) to.call(draw.of([relu, tanh, sigmoid]), z);
  },
  matmulHalf: (to, draw) => {
    const e = extents(to, draw);
    const a = to.call(toHalf, to.like(draw, left(e)));
    to.call(matmulHalf, e.form, a, to.call(toHalf, to.like(draw, right(e))));
  },
};
