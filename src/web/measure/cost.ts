import type { JobSpec } from '../../jobs/job.ts';
import type { MeasureSpec } from '../../jobs/measure/measureSpec.ts';
import type { SharpnessSpec } from '../../jobs/sharpness/sharpnessSpec.ts';

/** A part of the work in passes over the data; null where no description tells how many. */
export interface Cost {
  readonly what: string;
  readonly passes: number | null;
}

/** Gradients that a box' search takes for each iteration of a solver: two solvers, from two starts, the second with two first steps. */
const GRADIENTS = 6;

/** What jobs cost: gradients of all examples, or products of the Hessian with a vector. */
export function costsOf(specs: readonly JobSpec[]): Cost[] {
  return specs.flatMap((spec) =>
    spec.job === 'measure' ? measureCosts(spec) : spec.job === 'sharpness' ? [sharpnessCost(spec)] : [],
  );
}

function measureCosts(spec: MeasureSpec): Cost[] {
  const { probes = 16, exact, trace, tests, hvp, histogram, histogram_parameters: rows } = spec;
  const {
    signal_to_noise: ratio,
    eigenvalues,
    smallest,
    density,
    log_det: logDet,
    starts = 8,
    steps = 64,
  } = spec;
  const one = (asked: unknown): number => (asked ? 1 : 0);
  const counts = histogram !== undefined || rows !== undefined;
  const looks = 3 + one(tests) + one(hvp) + one(ratio) + one(counts);
  return [
    { what: 'gradient and noise', passes: looks + (exact ? 0 : probes) },
    ...(exact ? [{ what: 'exact traces', passes: null }] : []),
    ...(trace && !exact ? [{ what: 'trace', passes: probes }] : []),
    ...(eigenvalues || smallest ? [{ what: 'eigenvalues', passes: null }] : []),
    ...(density || logDet !== undefined ? [{ what: 'density', passes: starts * steps }] : []),
  ];
}

function sharpnessCost({ epsilon = [1e-3, 5e-4], subspace, iterations = 10 }: SharpnessSpec): Cost {
  const boxes = epsilon.length * (subspace === undefined ? 1 : 2);
  return { what: 'sharpness', passes: 3 + boxes * GRADIENTS * iterations };
}

/** In a sentence: `About 640 passes over the data: density 512, … ; eigenvalues take some tens more.` */
export function costText(costs: readonly Cost[]): string {
  const known = costs.filter((cost): cost is Cost & { passes: number } => cost.passes !== null);
  const total = known.reduce((sum, { passes }) => sum + passes, 0);
  const rest = costs.filter(({ passes }) => passes === null).map(({ what }) => what);
  const parts = [...known].sort((a, b) => b.passes - a.passes).map(({ what, passes }) => `${what} ${passes}`);
  const more = rest.map((what) =>
    what === 'eigenvalues'
      ? 'some tens for the eigenvalues, or one a parameter where there are few'
      : 'one an example and, for the trace, a parameter',
  );
  return `About ${total} passes over the data: ${parts.join(', ')}${more.length > 0 ? `; and ${more.join(', and ')}` : ''}.`;
}
