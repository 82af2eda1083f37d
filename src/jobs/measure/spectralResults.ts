import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { FinishedParts } from '../../host/finishedParts.ts';
import {
  type Eigenpair,
  type EigenvalueOptions,
  type Spectrum,
  searchEigenvalues,
} from '../../measure/curvature/eigenvalues.ts';
import { CurvatureOperator } from '../../measure/curvature/operator.ts';
import {
  estimateQuadrature,
  logDeterminant,
  type SpectralDensity,
  type SpectralQuadrature,
  spectralDensity,
  startsAtOnce,
} from '../../measure/curvature/spectralDensity.ts';
import type { Point } from '../../measure/pass.ts';
import type { Estimate } from '../../measure/statistics/estimate.ts';
import type { JobEvent } from '../jobEvent.ts';
import type { MeasureSettings } from './measureSpec.ts';

export interface SpectralResults {
  results: {
    eigenvalues?: readonly Eigenpair[];
    smallest?: readonly Eigenpair[];
    trace?: Estimate;
    density?: SpectralDensity;
    logDeterminant?: Estimate | null;
  };
  warnings: string[];
}

/**
 * What was asked for of the matrix's spectrum.
 * @param trace measured already, null where it was not asked for
 * @param finished searches and quadratures that need not be made again
 */
export async function* spectralResults(
  gpu: Gpu,
  point: Point,
  spec: MeasureSettings,
  trace: Estimate | null,
  finished = new FinishedParts(),
): AsyncGenerator<JobEvent, SpectralResults, void> {
  const { seed, operator: kind } = spec;
  const made: SpectralResults = { results: {}, warnings: [] };
  if (trace) made.results.trace = trace;
  const sampled = spec.density || spec.log_det !== undefined;
  if (!sampled && spec.eigenvalues === undefined && spec.smallest === undefined) return made;
  const scope = new Scope();
  const open = async (width: number): Promise<CurvatureOperator> =>
    scope.own(await CurvatureOperator.open(gpu, point, width, kind));
  try {
    let single: CurvatureOperator | null = null;
    for (const [key, which] of [
      ['eigenvalues', 'largest'],
      ['smallest', 'smallest'],
    ] as const) {
      const count = spec[key];
      if (count === undefined) continue;
      yield { type: 'phase', phase: `finding the ${which} eigenvalues` };
      let found = finished.get<Spectrum>(key);
      if (!found) {
        // One vector at a time: a search has no more.
        single ??= await open(1);
        found = finished.keep(key, yield* search(gpu, single, { count, which, seed }));
      }
      const { pairs, products, converged } = found;
      made.results[key] = pairs;
      if (!converged) {
        made.warnings.push(
          `the ${which} eigenvalues did not converge in ${products} products: their residuals say how far they are`,
        );
      }
    }
    if (sampled) {
      yield { type: 'phase', phase: 'estimating the spectral density' };
      const { starts, steps } = spec;
      let quadrature = finished.get<SpectralQuadrature>('quadrature');
      if (!quadrature) {
        const width = startsAtOnce(gpu, point, { starts, steps });
        const made = yield* quadratureOf(gpu, await open(width), { starts, steps, seed });
        quadrature = finished.keep('quadrature', made);
      }
      if (spec.density) made.results.density = spectralDensity(quadrature);
      if (spec.log_det !== undefined) {
        try {
          made.results.logDeterminant = logDeterminant(quadrature, spec.log_det);
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          made.results.logDeterminant = null;
          made.warnings.push(error.message);
        }
      }
    }
    return made;
  } finally {
    scope.dispose();
  }
}

/** A search for eigenvalues, telling how far it is. */
async function* search(
  gpu: Gpu,
  operator: CurvatureOperator,
  options: EigenvalueOptions,
): AsyncGenerator<JobEvent, Spectrum, void> {
  const looks = searchEigenvalues(gpu, operator, options);
  try {
    for (;;) {
      const look = await looks.next();
      if (look.done) return look.value;
      yield { type: 'search', ...look.value };
    }
  } finally {
    // A job that is stopped is left at a yield.
    await looks.return(undefined as never);
  }
}

/** A quadrature, telling how far it is. */
async function* quadratureOf(
  gpu: Gpu,
  operator: CurvatureOperator,
  options: Parameters<typeof estimateQuadrature>[2],
): AsyncGenerator<JobEvent, SpectralQuadrature, void> {
  const looks = estimateQuadrature(gpu, operator, options);
  try {
    for (;;) {
      const look = await looks.next();
      if (look.done) return look.value;
      yield { type: 'progress', ...look.value, unit: 'products' };
    }
  } finally {
    // A job that is stopped is left at a yield.
    await looks.return(undefined as never);
  }
}
