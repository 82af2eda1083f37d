import { writeSafetensors } from '../../data/safetensors.ts';
import { selectExamples } from '../../data/selectExamples.ts';
import type { Gpu } from '../../gpu/device.ts';
import { RunKernels } from '../../gpu/runKernels.ts';
import type { FinishedParts } from '../../host/finishedParts.ts';
import type { RunControl } from '../../host/runControl.ts';
import { noiseOf } from '../../measure/noise.ts';
import { withoutNonFinite } from '../../measure/nonFinite.ts';
import { openPoint } from '../../measure/openPoint.ts';
import { unitsOf } from '../../measure/pass.ts';
import { inGivenOrder } from '../../measure/requireFiniteLosses.ts';
import { flatValues } from '../../nn/flatValues.ts';
import { permutedIndex } from '../../random/permutation.ts';
import type { JobEvent, JobHost } from '../jobEvent.ts';
import { measureRounds } from '../measureRounds.ts';
import { untilStopped } from '../untilStopped.ts';
import { measurementsOf } from './measurePoint.ts';
import { measureResult } from './measureResult.ts';
import { type MeasureSpec, parseMeasureSpec } from './measureSpec.ts';
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
 * Statistics of the gradient and curvature at one point, over all examples of the data. Stopped by `control` it ends without a result,
 * at the next of its events.
 * @throws InputError for input that is refused, and for a loss that is not finite, naming the first such example
 */
export async function* measureJob(
  device: Gpu,
  given: MeasureSpec,
  host: JobHost,
  control?: RunControl,
  finished?: FinishedParts,
): AsyncGenerator<JobEvent, void, void> {
  yield* untilStopped(measuring(device, given, host, finished), (event) => event, control);
}

async function* measuring(
  device: Gpu,
  given: MeasureSpec,
  host: JobHost,
  finished?: FinishedParts,
): AsyncGenerator<JobEvent, void, void> {
  yield { type: 'phase', phase: `reading ${given.data ?? 'data'}` };
  const spec = parseMeasureSpec(given);
  const kernels = new RunKernels(device, spec.kernels, finished?.kernels);
  const gpu: Gpu = { ...device, kernels };
  const input = await readMeasureInput(gpu, spec, host);
  for (const text of input.notes) yield { type: 'note', text };
  const N = input.dataset.examples;

  const order = spec.ghost_order === 'shuffle' ? shuffledOrder(N, spec.seed) : null;
  const measured = order ? { ...input, dataset: selectExamples(input.dataset, order) } : input;

  yield { type: 'phase', phase: 'measuring' };
  const drawn = order && { seed: spec.seed, order };
  const { point, dispose } = openPoint(gpu, { ...measured, ghostBatch: spec.ghost_batch, drawn });
  try {
    const { layout } = point;
    const vector = input.vector && flatValues(layout, input.vector);
    const afterFirst: readonly JobEvent[] = [
      { type: 'progress', done: N, total: 2 * N, unit: 'examples' },
      ...(spec.signal_to_noise
        ? [{ type: 'phase' as const, phase: 'measuring the signal-to-noise ratio' }]
        : []),
    ];
    const measurements = measurementsOf(point, spec, vector);
    const found = yield* measureRounds(
      gpu,
      point,
      measurements,
      (round) => (round === 1 ? afterFirst : []),
      finished,
    );
    const spectral = yield* spectralResults(gpu, point, spec, found.trace, finished);
    yield { type: 'progress', done: 2 * N, total: 2 * N, unit: 'examples' };

    const { along, errors } = found.noise;
    const perExampleLoss = order ? inGivenOrder(along.perExampleLoss, order) : along.perExampleLoss;
    const noise = noiseOf(point, found.noise, spec.exact);
    const { result, keys } = withoutNonFinite({
      ...measureResult(point, perExampleLoss, noise, spec.exact),
      ...(Object.keys(spectral.results).length > 0 ? { [OPERATORS[spec.operator]]: spectral.results } : {}),
      ...(spec.tests ? { gradientTests: found.tests } : {}),
      ...(spec.signal_to_noise ? { signalToNoise: found.signalToNoise } : {}),
      ...(spec.histogram === undefined ? {} : { gradientHistogram: found.histogram }),
      ...(spec.quantities.length > 0 ? { quantities: found.quantities } : {}),
    });
    yield {
      type: 'result',
      result: {
        ...result,
        kernels: kernels.record,
        warnings: [...warnings(point, spec, result, { errors, keys }), ...spectral.warnings],
      },
      tensors: writeSafetensors(resultTensors(layout, along, found.hvp, unitsOf(point))),
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
