import { writeSafetensors } from '../../data/safetensors.ts';
import type { Gpu } from '../../gpu/device.ts';
import { unitsOf } from '../../measure/pass.ts';
import { InputError } from '../../nn/inputError.ts';
import { flatValues } from '../flatValues.ts';
import type { JobEvent, JobHost } from '../jobEvent.ts';
import { RunKernels } from '../kernels/chosenKernels.ts';
import { gradientSample } from './gradientSample.ts';
import { gradientStatistics } from './gradientStatistics.ts';
import { hessianProducts } from './hessianProducts.ts';
import { measureResult } from './measureResult.ts';
import { type MeasureSpec, parseMeasureSpec } from './measureSpec.ts';
import { momentsOf } from './moments.ts';
import { openPoint } from './openPoint.ts';
import { readMeasureInput } from './readMeasureInput.ts';
import { resultTensors } from './resultTensors.ts';
import { spectralResults } from './spectralResults.ts';
import { warnings } from './warnings.ts';

/** The key under which a matrix's spectrum is reported. */
const OPERATORS = {
  hessian: 'hessian',
  'gauss-newton': 'gaussNewton',
  'empirical-fisher': 'empiricalFisher',
} as const;

/**
 * Statistics of the gradient and curvature at one point, in one pass over all examples of the data.
 * @throws InputError for input that is refused, and for a loss that is not finite, naming the first such example
 */
export async function* measureJob(
  device: Gpu,
  given: MeasureSpec,
  host: JobHost,
): AsyncGenerator<JobEvent, void, void> {
  yield { type: 'phase', phase: `reading ${given.data ?? 'data'}` };
  const spec = parseMeasureSpec(given);
  const kernels = new RunKernels(device, spec.kernels);
  const gpu: Gpu = { ...device, kernels };
  const input = await readMeasureInput(gpu, spec, host);
  for (const text of input.notes) yield { type: 'note', text };
  const N = input.dataset.examples;

  yield { type: 'phase', phase: 'measuring' };
  const { point, dispose } = openPoint(gpu, input, spec.ghost_batch);
  try {
    const { layout } = point;
    const moments = await momentsOf(gpu, point);
    yield { type: 'progress', done: N, total: 2 * N, unit: 'examples' };
    requireFinite(spec.data, moments.perExampleLoss);
    const directions = [moments.mean, ...(input.vector ? [flatValues(layout, input.vector)] : [])];
    const { products, traceHessianCovariance } = await hessianProducts(gpu, point, directions, moments.mean, {
      ...spec,
      covariance: moments.centredSquares !== null && unitsOf(point) > 1,
    });
    const sample = await gradientSample(gpu, point, moments, { alongMean: spec.tests });
    const statistics = yield* gradientStatistics(gpu, point, spec, input, moments, sample);
    const spectral = yield* spectralResults(gpu, point, spec);
    yield { type: 'progress', done: 2 * N, total: 2 * N, unit: 'examples' };

    yield {
      type: 'result',
      result: {
        ...measureResult(point, moments, sample, products, traceHessianCovariance, spec.exact),
        ...(Object.keys(spectral.results).length > 0 ? { [OPERATORS[spec.operator]]: spectral.results } : {}),
        ...statistics,
        kernels: kernels.record,
        warnings: [...warnings(point, spec, sample), ...spectral.warnings],
      },
      tensors: writeSafetensors(resultTensors(layout, moments, products[1], unitsOf(point))),
      exitCode: 0,
    };
  } finally {
    dispose();
  }
}

/** @throws InputError naming the first example whose loss is not finite */
function requireFinite(file: string, losses: Float32Array): void {
  const bad = losses.findIndex((loss) => !Number.isFinite(loss));
  if (bad < 0) return;
  throw new InputError(file, `example ${bad}`, `its loss is ${losses[bad]}, expected a finite number`);
}
