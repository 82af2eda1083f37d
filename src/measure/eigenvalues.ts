import type { Gpu } from '../gpu/device.ts';
import type { State } from '../gpu/state.ts';
import { Krylov, type Ritz } from './krylov.ts';
import { dimension, type LinearOperator } from './operator.ts';

export interface Eigenpair {
  readonly value: number;
  /** |Av − λv| of its unit vector, from a product of its own. */
  readonly residual: number;
}

export interface Spectrum {
  /** In the order asked for, the outermost first. */
  readonly pairs: readonly Eigenpair[];
  /** Products with the matrix that it took. */
  readonly products: number;
  /** False where the products ran out first: the pairs are the best there are, their residuals say how good. */
  readonly converged: boolean;
}

export interface EigenvalueOptions {
  /** How many; min(count, P) come back. */
  readonly count: number;
  /** Which end of the algebraic order. */
  readonly which?: 'largest' | 'smallest';
  readonly seed?: number;
  /** Residual over |λ| at which a pair is good enough; over a hundredth of the largest |λ| where λ is smaller. */
  readonly tolerance?: number;
  /** The most products to spend on the search. */
  readonly most?: number;
  /** Begin with the operator's first direction instead of a random vector, such as the eigenvector of a point nearby. */
  readonly warm?: boolean;
  /** [count, P]: takes the eigenvectors. */
  readonly vectors?: State;
}

/** Up to so many parameters the basis grows to all of them: every eigenvalue is there, as often as it is. */
const ALL = 256;

/** Steps between two looks at the Ritz values. */
const LOOK = 8;

/**
 * The largest (or smallest) eigenvalues of a symmetric operator, in algebraic order, zeros and multiplicities included. Lanczos's
 * process with full reorthogonalisation on the device, restarted thickly (Wu & Simon 2000). From one start it sees one
 * vector of each eigenspace: once the pairs are found they are locked, and it starts again with a random vector orthogonal
 * to them, until it finds none beyond the last of them. Up to 256 parameters the basis grows to all of them.
 */
export async function eigenvalues(
  gpu: Gpu,
  operator: LinearOperator,
  { which = 'largest', seed = 0, tolerance = 5e-4, warm = false, ...options }: EigenvalueOptions,
): Promise<Spectrum> {
  const P = dimension(operator.layout);
  const count = Math.min(options.count, P);
  const most = options.most ?? 40 * count + 1000;
  const capacity = P <= ALL || 4 * count >= P ? P : Math.min(P, 2 * count + 48);
  const krylov = new Krylov(gpu, operator, { capacity, seed });
  /** Indices of Ritz pairs from the wanted end on. */
  const ordered = ({ values }: Ritz, n: number): number[] =>
    Array.from({ length: Math.min(n, values.length) }, (_, i) =>
      which === 'largest' ? values.length - 1 - i : i,
    );
  try {
    await krylov.start(warm ? 'direction' : 'random');
    let found: number[] | null = null;
    for (;;) {
      const goal = capacity === P ? P : Math.min(capacity, krylov.rows + LOOK);
      await krylov.extend(goal);
      const ritz = await krylov.ritz();
      const wanted = ordered(ritz, count);
      const done = async (converged: boolean): Promise<Spectrum> => {
        const residuals = await krylov.residuals(ritz, wanted, options.vectors);
        const pairs = wanted.map((i, k) => ({ value: ritz.values[i]!, residual: residuals[k]! }));
        return { pairs, products: krylov.products, converged };
      };
      if (krylov.rows === P) return await done(true);
      const size = Math.max(Math.abs(ritz.values[0]!), Math.abs(ritz.values.at(-1)!));
      const allowed = (i: number): number => tolerance * Math.max(Math.abs(ritz.values[i]!), size / 100);
      // The next one beyond those that were found must be known well enough to be beyond them.
      const next = ordered(ritz, count + 1)[count];
      const gap = next === undefined ? 0 : Math.abs(ritz.values[wanted.at(-1)!]! - ritz.values[next]!);
      const good =
        wanted.length === count &&
        wanted.every((i) => ritz.bounds[i]! <= allowed(i)) &&
        (found === null || (next !== undefined && ritz.bounds[next]! <= Math.max(allowed(next), gap)));
      if (good) {
        const values = wanted.map((i) => ritz.values[i]!);
        const same = found?.every((value, k) => Math.abs(value - values[k]!) <= allowed(wanted[k]!));
        if (same) return await done(true);
        found = values;
        await krylov.lock(ritz, wanted);
        await krylov.start('random');
      } else if (krylov.products >= most) {
        return await done(false);
      } else if (krylov.rows === capacity) {
        await krylov.lock(ritz, ordered(ritz, count + Math.ceil((capacity - count) / 3)));
        await krylov.start('direction');
      }
    }
  } finally {
    krylov.dispose();
  }
}
