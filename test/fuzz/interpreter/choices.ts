import { around } from '../../../src/ops/axes.ts';
import { type Bounded, exact, isUndecided, UNDECIDED } from './bounded.ts';
import type { Rule } from './rule.ts';
import { runs } from './sums.ts';
import { at, make, type Values } from './values.ts';

/**
 * The first of the largest; `nan` says which NaN wins. The value has the widest error of those that may be the largest, the place
 * is undecided if there are two of them.
 */
export function largest(
  x: readonly Bounded[],
  nan: 'first' | 'last',
): { readonly value: Bounded; readonly place: Bounded } {
  if (x.some(isUndecided)) return { value: UNDECIDED, place: UNDECIDED };
  const wild = x.map(({ value }) => Number.isNaN(value));
  const broken = nan === 'first' ? wild.indexOf(true) : wild.lastIndexOf(true);
  if (broken >= 0) return { value: exact(Number.NaN), place: exact(broken) };
  let best = 0;
  for (let i = 1; i < x.length; i++) if (x[i]!.value > x[best]!.value) best = i;
  const top = x[best]!;
  let error = top.error;
  let sure = true;
  x.forEach((other, i) => {
    if (i === best || other.value + other.error < top.value - top.error) return;
    error = Math.max(error, other.error);
    // Of equal numbers whose bits are known the first counts.
    if (other.error > 0 || top.error > 0) sure = false;
  });
  // 0 and −0 are equal: which of them comes out is left open.
  const value =
    top.value === 0 && error === 0 ? { value: 0, error: Number.MIN_VALUE } : { value: top.value, error };
  return { value, place: sure ? exact(best) : UNDECIDED };
}

function placed(d: Values, index: Values, shape: { outer: number; reduced: number; inner: number }): Values {
  const { outer, reduced, inner } = shape;
  return make(outer * reduced * inner, (i) => {
    const source = Math.floor(i / (reduced * inner)) * inner + (i % inner);
    const place = at(index, source);
    if (isUndecided(place) || place.value >= reduced) return UNDECIDED;
    return place.value === Math.floor(i / inner) % reduced ? at(d, source) : exact(0);
  });
}

export const choices: Readonly<Record<string, Rule>> = {
  max: ({ inputs: [x], attributes: { axes } }, [values]) => {
    const made = runs(values!, around(x!.shape, axes)).map((run) => largest(run, 'first'));
    return [make(made.length, (i) => made[i]!.value), make(made.length, (i) => made[i]!.place)];
  },
  pick: ({ inputs: [x], attributes: { axes } }, [values, index]) => {
    const all = runs(values!, around(x!.shape, axes));
    return [
      make(all.length, (i) => {
        const place = at(index!, i);
        return isUndecided(place) ? UNDECIDED : (all[i]![place.value] ?? UNDECIDED);
      }),
    ];
  },
  spread: ({ outputs: [y], attributes: { axes } }, [d, index]) => [
    placed(d!, index!, around(y!.shape, axes)),
  ],
  correct: ({ inputs: [z] }, [values, labels]) => {
    const [rows, classes] = z!.shape as [number, number];
    return [
      make(rows, (n) => {
        const row = Array.from({ length: classes }, (_, c) => at(values!, n * classes + c));
        const { place } = largest(row, 'first');
        const label = at(labels!, n);
        if (isUndecided(place) || isUndecided(label)) return UNDECIDED;
        return exact(place.value === label.value ? 1 : 0);
      }),
    ];
  },
};
