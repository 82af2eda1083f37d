import { dot64 } from '../statistics/dot64.ts';
import { solveLinear } from '../statistics/solveLinear.ts';
import { identity, LimitedMemory } from './limitedMemory.ts';

/** A function's value and gradient. */
export interface ValueAndGradient {
  readonly value: number;
  readonly gradient: ArrayLike<number>;
}

/** A search for a maximum in a box around 0. */
export interface BoxedMaximum {
  /** A point of the box, and what the function is there. */
  readonly start: ValueAndGradient & { readonly point: Float64Array };
  /** |xᵢ| ≤ rᵢ; a coordinate of radius 0 stays where it is. */
  readonly radii: ArrayLike<number>;
  readonly iterations: number;
  /** How many radii the first step is long on average, as far as the bounds let it: 1 if left out. */
  readonly reach?: number;
  readonly evaluate: (point: Float64Array) => Promise<ValueAndGradient>;
}

/** The best point that was evaluated. */
export interface BestPoint {
  readonly point: Float64Array;
  readonly value: number;
  /** Evaluations beside that of the start. */
  readonly evaluations: number;
}

/** Pairs that the memory holds, as in the authors' code and in SciPy. */
const PAIRS = 10;

/** What of the rise that the slope promises a step must bring (Armijo 1966), and the most steps that are tried. */
const SUFFICIENT = 1e-4;
const TRIALS = 5;

/**
 * A local maximum in a box by L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995): in each iteration the generalised Cauchy point of a limited-memory
 * quadratic model, that model's optimum over the coordinates which are free there (brought into the box as Morales & Nocedal
 * 2011 do), and a line search towards it. In float64.
 *
 * Lengths are measured in radii, xᵢ/rᵢ, and while no curvature is known the model's is such that a first step moves the coordinates by
 * `reach` radii on average: the box, not the function's unit, says how long a step is. The authors' code has a curvature of 1 there.
 */
export async function lbfgsB({
  start,
  radii,
  iterations,
  reach = 1,
  evaluate,
}: BoxedMaximum): Promise<BestPoint> {
  const n = start.point.length;
  let best = { point: start.point, value: start.value };
  let evaluations = 0;
  // −f in units of the radii is minimised over [−1, 1]ⁿ.
  const inRadii = ({ value, gradient }: ValueAndGradient): Located => ({
    value: -value,
    gradient: Float64Array.from({ length: n }, (_, i) => -gradient[i]! * radii[i]!),
  });
  const at = async (u: Float64Array): Promise<Located> => {
    evaluations++;
    const point = u.map((each, i) => each * radii[i]!);
    const found = await evaluate(point);
    if (found.value > best.value) best = { point, value: found.value };
    return inRadii(found);
  };
  let u: Float64Array = start.point.map((each, i) => (radii[i] === 0 ? 0 : each / radii[i]!));
  let here = inRadii(start);
  const moving = Array.from(radii).filter((radius) => radius > 0).length;
  const slope = here.gradient.reduce((sum, each) => sum + Math.abs(each), 0) / Math.max(1, moving);
  if (!(slope > 0 && Number.isFinite(slope))) return { ...best, evaluations };
  const memory = new LimitedMemory(slope / reach, PAIRS);
  for (let k = 0; k < iterations; k++) {
    const target = modelOptimum(u, here.gradient, memory);
    const direction = target.map((each, i) => each - u[i]!);
    const found = await lineSearch(u, here, direction, at);
    if (!found) break;
    memory.take(
      found.point.map((each, i) => each - u[i]!),
      found.gradient.map((each, i) => each - here.gradient[i]!),
    );
    u = found.point;
    here = found;
  }
  return { ...best, evaluations };
}

interface Located {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** Where the model of u's neighbourhood is least, in [−1, 1]ⁿ, as far as the two steps of an iteration find it. */
function modelOptimum(u: Float64Array, gradient: Float64Array, memory: LimitedMemory): Float64Array {
  const cauchy = cauchyPoint(u, gradient, memory);
  const wanted = subspaceOptimum(u, gradient, cauchy, memory);
  const projected = wanted.map((each) => Math.max(-1, Math.min(1, each)));
  const slope = (to: Float64Array): number =>
    to.reduce((sum, each, i) => sum + gradient[i]! * (each - u[i]!), 0);
  if (slope(projected) < 0) return projected;
  // As far towards it as the box allows (Byrd et al. 1995, eq. 5.8).
  let share = 1;
  for (let i = 0; i < u.length; i++) {
    const by = wanted[i]! - cauchy.point[i]!;
    if (by !== 0) share = Math.min(share, (Math.sign(by) - cauchy.point[i]!) / by);
  }
  return cauchy.point.map((each, i) => each + share * (wanted[i]! - each));
}

interface CauchyPoint {
  readonly point: Float64Array;
  /** Wᵀ(xᶜ − x). */
  readonly projected: Float64Array;
}

/**
 * The first local minimum of the model along the projected path of steepest descent (Byrd et al. 1995, algorithm CP): piece by piece, from
 * one coordinate's arrival at its bound to the next one's.
 */
function cauchyPoint(u: Float64Array, gradient: Float64Array, memory: LimitedMemory): CauchyPoint {
  const n = u.length;
  const { scale, width } = memory;
  const arrival = Float64Array.from(gradient, (g, i) =>
    g < 0 ? (u[i]! - 1) / g : g > 0 ? (u[i]! + 1) / g : Number.POSITIVE_INFINITY,
  );
  const direction = gradient.map((g, i) => (arrival[i] === 0 ? 0 : -g));
  const order = Array.from({ length: n }, (_, i) => i)
    .filter((i) => direction[i] !== 0)
    .sort((a, b) => arrival[a]! - arrival[b]!);
  const point = Float64Array.from(u);
  const projected = new Float64Array(width);
  const p = memory.project(direction);
  let first = -dot64(direction, direction);
  let second = -scale * first - dot64(p, memory.middle(p));
  let wanted = -first / second;
  let time = 0;
  for (const b of order) {
    const step = arrival[b]! - time;
    if (wanted < step || !(first < 0)) break;
    time = arrival[b]!;
    const g = gradient[b]!;
    const bound = direction[b]! > 0 ? 1 : -1;
    const moved = bound - u[b]!;
    point[b] = bound;
    for (let j = 0; j < width; j++) projected[j]! += step * p[j]!;
    first += step * second + g * g + scale * g * moved;
    second -= scale * g * g;
    if (width > 0) {
      const w = memory.row(b);
      const mw = memory.middle(w);
      first -= g * dot64(mw, projected);
      second -= 2 * g * dot64(mw, p) + g * g * dot64(mw, w);
      for (let j = 0; j < width; j++) p[j]! += g * w[j]!;
    }
    direction[b] = 0;
    // Below the rounding of what was subtracted there is no curvature left.
    wanted = second > 0 ? -first / second : first < 0 ? Number.POSITIVE_INFINITY : 0;
  }
  const rest = Number.isFinite(wanted) ? Math.max(0, wanted) : 0;
  for (let i = 0; i < n; i++) {
    if (direction[i] !== 0) point[i] = Math.max(-1, Math.min(1, u[i]! + (time + rest) * direction[i]!));
  }
  for (let j = 0; j < width; j++) projected[j]! += rest * p[j]!;
  return { point, projected };
}

/**
 * The optimum of the model over the coordinates that are at no bound at the Cauchy point, whatever their bounds (Byrd et al. 1995, the
 * direct primal method, eq. 5.11).
 */
function subspaceOptimum(
  u: Float64Array,
  gradient: Float64Array,
  { point, projected }: CauchyPoint,
  memory: LimitedMemory,
): Float64Array {
  const n = u.length;
  const { scale, width } = memory;
  const free = Uint8Array.from(point, (each) => (Math.abs(each) < 1 ? 1 : 0));
  const curved = memory.expand(memory.middle(projected), n);
  const residual = Float64Array.from(point, (each, i) =>
    free[i] ? gradient[i]! + scale * (each - u[i]!) - curved[i]! : 0,
  );
  const correction = new Float64Array(n);
  if (width > 0) {
    const v = memory.middle(memory.project(residual));
    const gram = memory.gram(free);
    const system = identity(width);
    for (let column = 0; column < width; column++) {
      const of = Float64Array.from({ length: width }, (_, row) => gram[row * width + column]!);
      const m = memory.middle(of);
      for (let row = 0; row < width; row++) system[row * width + column]! -= m[row]! / scale;
    }
    const solved = solveLinear(system, v, width);
    if (solved) correction.set(memory.expand(solved, n));
  }
  return point.map((each, i) => (free[i] ? each - residual[i]! / scale - correction[i]! / scale ** 2 : each));
}

/**
 * A point between here and u + d that is lower by enough; the first one tried is u + d, which is in the box.
 * @returns null where d leads nowhere down, or nothing lower is found
 */
async function lineSearch(
  u: Float64Array,
  here: Located,
  direction: Float64Array,
  at: (u: Float64Array) => Promise<Located>,
): Promise<(Located & { readonly point: Float64Array }) | null> {
  const slope = dot64(here.gradient, direction);
  if (!(slope < 0)) return null;
  let share = 1;
  for (let trial = 0; trial < TRIALS; trial++) {
    const point = u.map((each, i) => Math.max(-1, Math.min(1, each + share * direction[i]!)));
    const found = await at(point);
    const excess = found.value - here.value - share * slope;
    if (found.value <= here.value + SUFFICIENT * share * slope) return { ...found, point };
    // The minimum of the parabola through both values and the slope.
    const next = (-slope * share) / (2 * excess);
    share *= Math.max(0.1, Math.min(0.5, Number.isFinite(next) ? next : 0.1));
  }
  return null;
}
