import { around } from '../../../src/ops/axes.ts';
import { size, type Tensor } from '../../../src/ops/graph.ts';
import {
  type Bounded,
  exact,
  isUndecided,
  isVague,
  multiply,
  subtract,
  sumOf,
  UNDECIDED,
} from './bounded.ts';
import type { Rule } from './rule.ts';
import { at, make, moved, type Values } from './values.ts';

/** Σ of the rows first up to last of d of which the index is v, at column k; undecided by an index that may be past the end. */
function sumAt(
  d: Values,
  index: Values,
  { first, last, v, k, width }: Readonly<Record<'first' | 'last' | 'v' | 'k' | 'width', number>>,
): Bounded {
  const terms: Bounded[] = [];
  for (let m = first; m < last; m++) if (at(index, m).value === v) terms.push(at(d, m * width + k));
  return sumOf(terms);
}

function isKnown(index: Values, first: number, last: number, entries: number): boolean {
  for (let m = first; m < last; m++) {
    const place = at(index, m);
    if (isUndecided(place) || isVague(place) || place.value >= entries) return false;
  }
  return true;
}

/** The gradients of blocks of rows, [blocks][entries·width]. */
function blocksOf(d: Values, index: Values, block: number, [entries, width]: readonly number[]): Bounded[][] {
  const rows = index.value.length;
  return Array.from({ length: Math.ceil(rows / block) }, (_, b) => {
    const [first, last] = [b * block, Math.min(rows, (b + 1) * block)];
    const known = isKnown(index, first, last, entries!);
    return Array.from({ length: entries! * width! }, (_, i) =>
      known
        ? sumAt(d, index, { first, last, v: Math.floor(i / width!), k: i % width!, width: width! })
        : UNDECIDED,
    );
  });
}

export const sequences: Readonly<Record<string, Rule>> = {
  permute: ({ inputs: [x], outputs: [y], attributes: { order } }, [values]) => {
    const strides = x!.shape.map((_, axis) => size(x!.shape.slice(axis + 1)));
    const from = (i: number): number => {
      let [rest, place] = [i, 0];
      for (let axis = order.length - 1; axis >= 0; axis--) {
        place += (rest % y!.shape[axis]!) * strides[order[axis]]!;
        rest = Math.floor(rest / y!.shape[axis]!);
      }
      return place;
    };
    return [moved(values!, size(y!.shape), from)];
  },
  slice: ({ inputs: [x], outputs: [y], attributes: { axis, start } }, [values]) => {
    const along = { from: axis, to: axis + 1 };
    const [source, { reduced: extent, inner }] = [around(x!.shape, along), around(y!.shape, along)];
    return [
      moved(values!, size(y!.shape), (i) => {
        const [row, column] = [Math.floor(i / inner), i % inner];
        const place = (row % extent) + start;
        if (place < 0 || place >= source.reduced) return -1;
        return (Math.floor(row / extent) * source.reduced + place) * inner + column;
      }),
    ];
  },
  concatenate: ({ inputs, outputs: [y], attributes: { axis } }, parts) => {
    const { reduced, inner } = around(y!.shape, { from: axis, to: axis + 1 });
    const extents = inputs.map(({ shape }: Tensor) => shape[axis]!);
    return [
      make(size(y!.shape), (i) => {
        const group = Math.floor(i / (reduced * inner));
        let [part, row] = [0, Math.floor(i / inner) % reduced];
        while (row >= extents[part]!) row -= extents[part++]!;
        return at(parts[part]!, (group * extents[part]! + row) * inner + (i % inner));
      }),
    ];
  },
  where: (_, [mask, x, y]) => [
    make(mask!.value.length, (i) => {
      const m = at(mask!, i);
      if (isUndecided(m) || isVague(m)) return UNDECIDED;
      return m.value === 0 ? at(y!, i) : at(x!, i);
    }),
  ],
  embedding: ({ inputs: [table], outputs: [y] }, [rows, index]) => {
    const [entries, width] = table!.shape as [number, number];
    return [
      make(size(y!.shape), (i) => {
        const place = at(index!, Math.floor(i / width));
        if (isUndecided(place) || place.value >= entries) return UNDECIDED;
        return at(rows!, place.value * width + (i % width));
      }),
    ];
  },
  embeddingGradient: ({ outputs: [y] }, [d, index]) => {
    const [made] = blocksOf(d!, index!, index!.value.length, y!.shape) as [Bounded[]];
    return [make(made.length, (i) => made[i]!, index!.value.length)];
  },
  lookupRows: ({ outputs: [y], attributes: { places } }, [d, index]) => {
    const made = blocksOf(d!, index!, places, y!.shape.slice(1)).flat();
    return [make(made.length, (i) => made[i]!, places)];
  },
  lookupNorms: ({ inputs: [x], attributes: { entries, unit } }, [d, index]) => {
    const units = blocksOf(d!, index!, unit, [entries, x!.shape[1]!]);
    return [make(units.length, (u) => sumOf(units[u]!.map((g) => multiply(g, g))))];
  },
  lookupMoments: ({ outputs: [gradient], attributes: { places } }, [d, index]) => {
    const each = blocksOf(d!, index!, places, gradient!.shape);
    const known = isKnown(index!, 0, index!.value.length, gradient!.shape[0]!);
    const share = exact(Math.fround(1 / each.length));
    const means = each[0]!.map((_, i) =>
      known
        ? multiply(sumOf(each.map((g) => g[i]!)), { ...share, error: 2 ** -22 * share.value })
        : UNDECIDED,
    );
    return [
      make(means.length, (i) => means[i]!),
      make(means.length, (i) =>
        sumOf(
          each.map((g) => {
            const deviation = subtract(g[i]!, means[i]!);
            return multiply(deviation, deviation);
          }),
        ),
      ),
    ];
  },
};
