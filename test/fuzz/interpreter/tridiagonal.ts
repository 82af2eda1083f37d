import { ALIGNMENT } from '../../../src/gpu/state.ts';
import * as reference from '../../../src/reference/tridiagonalTop.ts';
import { EPS, exact, TINY, UNDECIDED } from './bounded.ts';
import type { Rule } from './rule.ts';
import { make } from './values.ts';

/**
 * Jacobi's rotations are backward stable: the value is that of a matrix within about n²·ε of its norm, the vector is turned by as much
 * over the gap to the next value. The gap is unknown here, so vectors of more than one row are undecided.
 */
export const tridiagonal: Readonly<Record<string, Rule>> = {
  tridiagonalTop: ({ attributes: { rows } }, [x]) => {
    const number = (i: number): number => x!.value[i * ALIGNMENT]!;
    const places = Array.from({ length: 2 * rows - 1 }, (_, i) => i);
    const known = places.every(
      (i) => Number.isFinite(number(i)) && Number.isFinite(x!.error[i * ALIGNMENT]!),
    );
    const elements = (rows + 1) * ALIGNMENT;
    if (!known) return [make(elements, () => UNDECIDED)];
    const diagonal = Array.from({ length: rows }, (_, i) => number(i));
    const beside = Array.from({ length: rows - 1 }, (_, i) => number(rows + i));
    const norm = places.reduce((total, i) => total + 2 * Math.abs(number(i)), 0);
    const moved = places.reduce((total, i) => total + 2 * x!.error[i * ALIGNMENT]!, 0);
    const { value } = reference.tridiagonalTop(diagonal, beside);
    const error = moved + 16 * rows ** 2 * EPS * (norm + moved) + TINY;
    return [
      make(elements, (i) => {
        if (i === rows * ALIGNMENT) return { value, error };
        if (i % ALIGNMENT !== 0) return exact(0);
        return rows === 1 ? exact(1) : UNDECIDED;
      }),
    ];
  },
};
