import type { Gpu } from '../../gpu/device.ts';
import type { State } from '../../gpu/state.ts';
import { dimension } from '../../ops/flat.ts';
import { chanceOfComponent, hiddenComponent } from '../statistics/hiddenEigenvalue.ts';
import { Krylov, type Projection, type Ritz, ritzPairs } from './krylov.ts';
import type { LinearOperator } from './operator.ts';

/** An eigenvalue, and how well it is converged. */
export interface Eigenpair {
  readonly value: number;
  /** |Av − λv| of its unit vector, from a product of its own. */
  readonly residual: number;
}

/** The eigenvalues at an end of a spectrum, and whether the search came to its end. */
export interface Spectrum {
  /** In the order asked for, the outermost first. */
  readonly pairs: readonly Eigenpair[];
  /** Products with the matrix that it took. */
  readonly products: number;
  /** False where the products ran out first: the pairs are the best there are, their residuals say how good. */
  readonly converged: boolean;
}

/** How far a search is. */
export interface EigenvalueProgress {
  /** Products made so far. */
  readonly products: number;
  /** Wanted pairs that are good enough, of those there are. */
  readonly converged: number;
  readonly wanted: number;
}

/** How eigenvalues are searched. */
export interface EigenvalueOptions {
  /** How many; min(count, P) come back. */
  readonly count: number;
  /** Which end of the algebraic order. */
  readonly which?: 'largest' | 'smallest' | undefined;
  readonly seed?: number | undefined;
  /** Residual over |λ| at which a pair is good enough; over a hundredth of the largest |λ| where λ is smaller. */
  readonly tolerance?: number | undefined;
  /** The most products to spend on the search. */
  readonly most?: number | undefined;
  /** Takes the eigenvectors, [count, P]. */
  readonly vectors?: State;
}

/** Up to so many parameters the basis grows to all of them: every eigenvalue is there, as often as it is. */
const ALL = 256;

/** Numbers of a basis that is no smaller than it needs to be: 256 MiB. */
const LARGE = 2 ** 26;

/** The most steps between two looks at the Ritz values. */
const LOOK = 4;

/** How likely a search for repeated eigenvalues may miss one. */
const RISK = 1e-3;

/** Steps that such a search has room for, at the least. */
const ROOM = 24;

/**
 * The largest (or smallest) eigenvalues of a symmetric operator, in algebraic order, zeros and multiplicities included. Lanczos's
 * process with full reorthogonalisation on the device, restarted thickly (Wu & Simon 2000). From one start it sees one
 * vector of each eigenspace. So once the pairs are found it goes on with a random vector orthogonal to the whole basis, in which
 * further eigenvectors of what was found lie undiminished, until none of those that would change the answer can be there
 * but for a chance of 10⁻³ over that vector, or the outermost pair there is known; what it finds is found, and it looks
 * once more. Up to 256 parameters the basis grows to all of them. Yields at each look at the Ritz values; the residuals take a
 * product a pair after the last.
 */
export async function* searchEigenvalues(
  gpu: Gpu,
  operator: LinearOperator,
  { which = 'largest', seed = 0, tolerance = 5e-4, ...options }: EigenvalueOptions,
): AsyncGenerator<EigenvalueProgress, Spectrum, void> {
  const P = dimension(operator.layout);
  const count = Math.min(options.count, P);
  const most = options.most ?? 40 * count + 1000;
  const spacious = Math.min(4 * count + 144, Math.floor(LARGE / operator.layout.length));
  const capacity = P <= ALL || 4 * count >= P ? P : Math.min(P, Math.max(2 * count + 48, spacious));
  /** Vectors that a restart keeps. */
  const kept = count + Math.ceil((capacity - count) / 3);
  const krylov = new Krylov(gpu, operator, { capacity, seed });
  try {
    await krylov.start('random');
    /** What the last pass found, and the vectors before this one; null once a restart has mixed them. */
    let found: readonly number[] | null = null;
    let before: number | null = null;
    let steps = capacity === P ? P : LOOK;
    for (;;) {
      await krylov.extend(Math.min(capacity, krylov.rows + steps));
      const look = new Look(await krylov.project(), { which, count, tolerance });
      const full = krylov.rows === P;
      yield { products: krylov.products, converged: full ? count : look.converged, wanted: count };
      const done = async (converged: boolean): Promise<Spectrum> => {
        const { ritz, wanted, values } = look;
        const residuals = await krylov.residuals(ritz, wanted, options.vectors);
        const pairs = values.map((value, k) => ({ value, residual: residuals[k]! }));
        return { pairs, products: krylov.products, converged };
      };
      if (full) return await done(true);

      const good = look.converged === count;
      if (good && !look.isSame(found)) {
        if (look.leastThatMatters === null) return await done(true);
        found = look.values;
        if (capacity - krylov.rows < ROOM) await krylov.lock(look.ritz, look.outermost(kept));
        before = krylov.rows;
        await krylov.start('random');
        steps = LOOK;
        continue;
      }
      steps = LOOK;
      if (good) {
        const until = before === null ? look.untilKnown() : look.untilNoneHides(before, P);
        if (until === 0) return await done(true);
        steps = Math.min(LOOK, Math.ceil(until));
      }
      if (krylov.products >= most) return await done(false);
      if (krylov.rows === capacity) {
        await krylov.lock(look.ritz, look.outermost(kept));
        before = null;
        await krylov.start('direction');
      }
    }
  } finally {
    krylov.dispose();
  }
}

/** `searchEigenvalues` to its end. */
export async function eigenvalues(
  gpu: Gpu,
  operator: LinearOperator,
  options: EigenvalueOptions,
): Promise<Spectrum> {
  const search = searchEigenvalues(gpu, operator, options);
  for (;;) {
    const next = await search.next();
    if (next.done) return next.value;
  }
}

/** What the Ritz pairs say of the wanted ones. */
class Look {
  readonly ritz: Ritz;
  /** Places of the wanted pairs, the outermost first, and their values. */
  readonly wanted: readonly number[];
  readonly values: readonly number[];
  readonly #projection: Projection;
  readonly #which: 'largest' | 'smallest';
  readonly #tolerance: number;
  readonly #size: number;

  constructor(
    projection: Projection,
    {
      which,
      count,
      tolerance,
    }: { readonly which: 'largest' | 'smallest'; readonly count: number; readonly tolerance: number },
  ) {
    this.#projection = projection;
    this.#which = which;
    this.#tolerance = tolerance;
    this.ritz = ritzPairs(projection);
    const { values } = this.ritz;
    this.#size = Math.max(Math.abs(values[0]!), Math.abs(values.at(-1)!));
    this.wanted = this.outermost(count);
    this.values = this.wanted.map((i) => values[i]!);
  }

  /** Wanted pairs that are good enough. */
  get converged(): number {
    return this.wanted.filter((i) => this.#isGood(i)).length;
  }

  /** Of the found values the one nearest to the last that would push that out if it came once more; null where none would. */
  get leastThatMatters(): number | null {
    const edge = this.values.at(-1)!;
    return this.values.findLast((value) => Math.abs(value - edge) > this.#allowed(edge)) ?? null;
  }

  isSame(found: readonly number[] | null): boolean {
    return found?.every((value, k) => Math.abs(value - this.values[k]!) <= this.#allowed(value)) === true;
  }

  outermost(n: number, { values }: Ritz = this.ritz): number[] {
    return Array.from({ length: Math.min(n, values.length) }, (_, i) =>
      this.#which === 'largest' ? values.length - 1 - i : i,
    );
  }

  /** 0 where each pair that is not wanted is known well enough not to be beyond those that are. */
  untilKnown(): number {
    const { values, bounds } = this.ritz;
    const edge = this.values.at(-1)!;
    const known = bounds.every(
      (bound, i) => this.wanted.includes(i) || this.#isGood(i) || bound <= Math.abs(edge - values[i]!),
    );
    return known ? 0 : LOOK;
  }

  /** Steps of the pass that began with vector `before` of the basis until no copy of a found value hides that matters. */
  untilNoneHides(before: number, P: number): number {
    const copy = this.leastThatMatters;
    if (copy === null) return 0;
    const rest = ritzPairs(this.#projection, before);
    const [top] = this.outermost(1, rest) as [number];
    const value = rest.values[top]!;
    if (rest.bounds[top]! <= this.#allowed(value)) return 0;
    if (this.#which === 'largest' ? value >= copy : value <= copy) return LOOK;
    const component = hiddenComponent(rest.values, this.#projection.norms.slice(before), copy);
    const chance = chanceOfComponent(component, P - before);
    if (chance <= RISK) return 0;
    // The component falls by a like factor a step.
    return component >= 1 ? LOOK : (Math.log(chance / RISK) * rest.values.length) / -Math.log(component);
  }

  #isGood(i: number): boolean {
    const { values, bounds } = this.ritz;
    return bounds[i]! <= this.#allowed(values[i]!);
  }

  #allowed(value: number): number {
    return this.#tolerance * Math.max(Math.abs(value), this.#size / 100);
  }
}
