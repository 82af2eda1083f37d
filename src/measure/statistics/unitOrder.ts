import type { Targets } from '../../data/dataset.ts';
import { purpose } from '../../random/purpose.ts';
import { threefry2x32 } from '../../random/threefry.ts';

/** How units of consecutive examples differ in their targets, against units drawn at random. */
export type UnitOrder = 'alike' | 'apart' | 'random';

/** Orders that the given one is compared with. */
const SHUFFLES = 199;
/** Standard deviations of them beyond which it is none of them, of cube roots: those of sums of squares are about normal (Wilson & Hilferty 1931). */
const LIMIT = 4;

/**
 * Whether the order of a file tells in units of b consecutive examples: by Σᵤ nᵤ|ȳᵤ − ȳ|² over the units, of targets y (of classes, one-hot, of
 * sequences the mean over their positions; of values, each in its own standard deviations), against the same of seeded shuffles (a permutation test). 'alike' where classes take
 * turns, so that each unit has as many of each; 'apart' where they are sorted; 'random' otherwise, as also for single examples and
 * a single unit. An order that is random is called another about once in two thousand times.
 */
export function unitOrder(targets: Targets, unitSize: number): UnitOrder {
  const count =
    targets.kind === 'classes'
      ? targets.labels.length / (targets.positions ?? 1)
      : targets.y.length / targets.width;
  const units = Math.ceil(count / unitSize);
  if (unitSize < 2 || units < 2) return 'random';
  const order = Uint32Array.from({ length: count }, (_, n) => n);
  const squares = betweenUnits(targets, order, unitSize);
  // What rounding leaves below 0 is 0.
  const between = (): number => Math.cbrt(Math.max(0, squares()));
  const given = between();
  const random = uniforms();
  const others = Array.from({ length: SHUFFLES }, () => {
    for (let n = count - 1; n > 0; n--) {
      const other = Math.floor(random() * (n + 1));
      [order[n], order[other]] = [order[other]!, order[n]!];
    }
    return between();
  });
  const mean = others.reduce((sum, each) => sum + each, 0) / SHUFFLES;
  const deviation = Math.sqrt(others.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (SHUFFLES - 1));
  const away = given - mean;
  if (Math.abs(away) <= LIMIT * deviation) return 'random';
  if (away < 0) return given < Math.min(...others) ? 'alike' : 'random';
  return given > Math.max(...others) ? 'apart' : 'random';
}

/** Σᵤ nᵤ|ȳᵤ − ȳ|², in the order that `order` holds when it is called. */
function betweenUnits(targets: Targets, order: Uint32Array, unitSize: number): () => number {
  if (targets.kind === 'classes') {
    // All as one unit: what is left of the sum where the units are alike.
    const whole = amongClasses(targets, order, order.length);
    return () => amongClasses(targets, order, unitSize) - whole;
  }
  const values = columns(targets.y, targets.width);
  return () => values.reduce((sum, column) => sum + amongValues(column, order, unitSize), 0);
}

/** Σᵤ Σ_c nᵤ_c²/nᵤ, where an example of several positions counts for each class by its share of them. */
function amongClasses(
  { labels, classes, positions = 1 }: Extract<Targets, { kind: 'classes' }>,
  order: Uint32Array,
  unitSize: number,
): number {
  const counts = new Uint32Array(classes);
  let total = 0;
  for (let from = 0; from < order.length; from += unitSize) {
    const to = Math.min(order.length, from + unitSize);
    let squares = 0;
    // (k + 1)² − k² as each is counted, so that no class is looked at that is not there.
    for (let i = from; i < to; i++) {
      const first = order[i]! * positions;
      for (let t = first; t < first + positions; t++) squares += 2 * counts[labels[t]!]!++ + 1;
    }
    for (let i = from; i < to; i++) {
      const first = order[i]! * positions;
      for (let t = first; t < first + positions; t++) counts[labels[t]!] = 0;
    }
    total += squares / positions ** 2 / (to - from);
  }
  return total;
}

/** Σᵤ nᵤȳᵤ² of centred values. */
function amongValues(values: ArrayLike<number>, order: Uint32Array, unitSize: number): number {
  let total = 0;
  for (let from = 0; from < order.length; from += unitSize) {
    const to = Math.min(order.length, from + unitSize);
    let sum = 0;
    for (let i = from; i < to; i++) sum += values[order[i]!]!;
    total += (sum * sum) / (to - from);
  }
  return total;
}

/** Each column, centred and in its standard deviations; constant ones are 0. */
function columns(y: Float32Array, width: number): Float64Array[] {
  const rows = y.length / width;
  return Array.from({ length: width }, (_, k) => {
    const column = Float64Array.from({ length: rows }, (_, n) => y[n * width + k]!);
    const mean = column.reduce((sum, value) => sum + value, 0) / rows;
    const square = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows;
    return column.map((value) => (square > 0 ? (value - mean) / Math.sqrt(square) : 0));
  });
}

/** A stream of numbers in [0, 1), the same at every call. */
function uniforms(): () => number {
  let block = 0;
  let spare: number | null = null;
  return () => {
    if (spare !== null) {
      const word = spare;
      spare = null;
      return word * 2 ** -32;
    }
    const [first, second] = threefry2x32(0, purpose.unitOrder, block++, 0);
    spare = second;
    return first * 2 ** -32;
  };
}
