import dotsKernel from '../../shaders/flat/dots.wgsl';
import { showShape } from '../host/showShape.ts';
import { addPresent } from './add.ts';
import { combine, outer } from './combine.ts';
import type { Tensor } from './graph.ts';
import { apply, defineOp, expectShape } from './op.ts';
import { BUSY, rowGrid } from './plans/linearGrid.ts';
import { lowerSum } from './sum.ts';

/** Longest run of vectors that one thread adds up, and the shortest worth a thread. */
const LONGEST_CHUNK = 512;
const SHORTEST_CHUNK = 16;

const dotsOp = defineOp({
  name: 'dots',
  vjp: ({ inputs: [rows, w] }, [d]) => (d ? [outer(d, w!), combine(null, rows!, d)] : [null, null]),
  jvp: ({ inputs: [rows, w] }, [dRows, dw]) => [
    addPresent(dRows ? dots(dRows, w!) : null, dw ? dots(rows!, dw) : null),
  ],
  lower: ({ inputs: [V, w], outputs: [y] }, to) => {
    const [rows, length] = V!.shape as [number, number];
    const vectors = length / 4;
    const gpu = to.target.kind === 'gpu';
    const threads = Math.max(1, Math.floor((gpu ? BUSY : 256) / Math.ceil(rows / 4)));
    const wanted = Math.max(SHORTEST_CHUNK, Math.ceil(vectors / threads));
    const chunk = Math.min(vectors, LONGEST_CHUNK, wanted);
    const chunks = Math.ceil(vectors / chunk);
    const made = chunks === 1 ? y! : to.scratch([rows, chunks], y!.replicated);
    to.dispatch(
      {
        source: dotsKernel,
        knobs: { INTERLEAVED: gpu },
        params: { rows, vectors, chunk, chunks },
        grid: rowGrid(Math.ceil(rows / 4) * chunks),
      },
      { V: V!, w: w!, y: made },
    );
    if (made !== y) lowerSum(to, { outer: rows, reduced: chunks, inner: 1 }, made, null, y!);
  },
});

/**
 * V·w, the dot products of k flat vectors with one: V [k, P], w [P] → [k]. One pass over V.
 * @throws if the shapes do not fit, or P is not divisible by 4, as every flat vector's length is.
 */
export function dots(rows: Tensor, w: Tensor): Tensor {
  requireFours('dots', rows);
  expectShape('dots', 'the vector', w.shape, [rows.shape[1]!]);
  return apply(dotsOp, [rows, w], {}, { shape: [rows.shape[0]!] });
}

/** @throws if the operand is no stack [k, P] of vectors with P divisible by 4. */
export function requireFours(op: string, rows: Tensor): void {
  if (rows.shape.length !== 2 || rows.shape[1]! % 4 !== 0) {
    throw new Error(`${op}: found ${showShape(rows.shape)}, expected [k, P] with P divisible by 4`);
  }
}
