import kernel from '../../shaders/krylov/tridiagonalTop.wgsl';
import { showShape } from '../host/showShape.ts';
import { flatLayout, pack, unpack } from './flat.ts';
import { sameShape, type Tensor } from './graph.ts';
import { apply, type Op } from './op.ts';

/** Rows that one invocation keeps. */
const MOST = 16;

const tridiagonalTopOp: Op = {
  name: 'tridiagonalTop',
  lower: ({ inputs: [x], outputs: [y], attributes: { rows } }, to) => {
    to.dispatch({ source: kernel, params: { rows }, grid: [1, 1] }, { x: x!, y: y! });
  },
};

const scalars = (count: number) =>
  flatLayout(Array.from({ length: count }, (_, i) => ({ name: `${i}`, shape: [] })));

/**
 * The largest eigenvalue of a symmetric tridiagonal matrix and its unit eigenvector, whose first element is not negative:
 * what Lanczos's process of a few steps ends in, on the device.
 * @param diagonal scalars, 16 of them or fewer
 * @param beside scalars, one fewer
 * @throws if there are more, or one is no scalar
 */
export function tridiagonalTop(
  diagonal: readonly Tensor[],
  beside: readonly Tensor[],
): { readonly value: Tensor; readonly vector: readonly Tensor[] } {
  const rows = diagonal.length;
  if (rows < 1 || rows > MOST || beside.length !== rows - 1) {
    throw new Error(
      `tridiagonalTop: ${rows} numbers on the diagonal and ${beside.length} beside it, expected 1 to ${MOST} and one fewer`,
    );
  }
  for (const { shape } of [...diagonal, ...beside]) {
    if (!sameShape(shape, []))
      throw new Error(`tridiagonalTop: found shape ${showShape(shape)}, expected scalars`);
  }
  const given = scalars(2 * rows - 1);
  const made = scalars(rows + 1);
  const y = apply(
    tridiagonalTopOp,
    [pack(given, [...diagonal, ...beside])],
    { rows },
    { shape: [made.length] },
  );
  const all = unpack(y, made);
  return { value: all[rows]!, vector: all.slice(0, rows) };
}
