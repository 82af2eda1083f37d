import { writeSafetensors } from '../../data/safetensors.ts';
import { selectExamples } from '../../data/selectExamples.ts';
import type { Gpu } from '../../gpu/device.ts';
import { RunKernels } from '../../gpu/runKernels.ts';
import { InputError } from '../../host/inputError.ts';
import { unitsOf } from '../../measure/pass.ts';
import { unitOrder } from '../../measure/statistics/unitOrder.ts';
import { flatValues } from '../../nn/flatValues.ts';
import { permutedIndex } from '../../random/permutation.ts';
import type { JobEvent, JobHost } from '../jobEvent.ts';
import { gradientStatistics } from './gradientStatistics.ts';
import { measurePoint } from './measurePoint.ts';
import { measureResult } from './measureResult.ts';
import { type MeasureSpec, parseMeasureSpec } from './measureSpec.ts';
import { withoutNonFinite } from './nonFinite.ts';
import { openPoint } from './openPoint.ts';
import { gradientSample, pointErrors } from './pointErrors.ts';
import { readMeasureInput } from './readMeasureInput.ts';
import { resultTensors } from './resultTensors.ts';
import { spectralResults } from './spectralResults.ts';
import { nullReasons, warnings } from './warnings.ts';

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

  const order = spec.ghost_order === 'shuffle' ? shuffledOrder(N, spec.seed) : null;
  const measured = order ? { ...input, dataset: selectExamples(input.dataset, order) } : input;
  const fileOrder =
    spec.ghost_batch && !order ? unitOrder(input.dataset.targets, spec.ghost_batch) : 'random';

  yield { type: 'phase', phase: 'measuring' };
  const { point, dispose } = openPoint(gpu, measured, spec.ghost_batch);
  try {
    const { layout } = point;
    const vector = input.vector && flatValues(layout, input.vector);
    const found = await measurePoint(gpu, point, spec, { vector, weights: input.weights });
    const { along } = found;
    const perExampleLoss = order ? asInFile(along.perExampleLoss, order) : along.perExampleLoss;
    requireFinite(spec.data, perExampleLoss);
    yield { type: 'progress', done: N, total: 2 * N, unit: 'examples' };
    const sample = gradientSample(along);
    const errors = await pointErrors(gpu, point, measured.dataset, found, sample);
    const statistics = yield* gradientStatistics(gpu, point, spec, measured.dataset, found, sample);
    const spectral = yield* spectralResults(gpu, point, spec, found.trace);
    yield { type: 'progress', done: 2 * N, total: 2 * N, unit: 'examples' };

    const { result, keys } = withoutNonFinite({
      ...measureResult(point, perExampleLoss, found, errors, spec.exact),
      ...(Object.keys(spectral.results).length > 0 ? { [OPERATORS[spec.operator]]: spectral.results } : {}),
      ...statistics,
      ...(spec.quantities.length > 0 ? { quantities: found.quantities } : {}),
    });
    yield {
      type: 'result',
      result: {
        ...result,
        kernels: kernels.record,
        warnings: [
          ...warnings(point, spec, errors, fileOrder),
          ...nullReasons(result, errors, keys),
          ...spectral.warnings,
        ],
      },
      tensors: writeSafetensors(resultTensors(layout, found, unitsOf(point))),
      exitCode: 0,
    };
  } finally {
    dispose();
  }
}

/** The examples' indices in the order in which they are measured. */
function shuffledOrder(examples: number, seed: number): number[] {
  return Array.from({ length: examples }, (_, n) => permutedIndex(seed, 0, examples, n));
}

/** Values of examples that were taken in an order, as they stand in the file. */
function asInFile(values: Float32Array, order: readonly number[]): Float32Array {
  const back = new Float32Array(values.length);
  order.forEach((n, i) => {
    back[n] = values[i]!;
  });
  return back;
}

/** @throws InputError naming the first example whose loss is not finite */
function requireFinite(file: string, losses: Float32Array): void {
  const bad = losses.findIndex((loss) => !Number.isFinite(loss));
  if (bad < 0) return;
  throw new InputError(file, `example ${bad}`, `its loss is ${losses[bad]}, expected a finite number`);
}
