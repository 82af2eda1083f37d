import type { Dataset } from '../data/dataset.ts';
import { placeExamples } from '../data/uploadExamples.ts';
import type { Gpu } from '../gpu/device.ts';
import { LimitError } from '../gpu/limitError.ts';
import { planningGpu } from '../gpu/planningGpu.ts';
import { State } from '../gpu/state.ts';
import { InputError } from '../host/inputError.ts';
import { parameterLayout } from '../nn/forward.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import { CurvatureOperator } from './curvature/operator.ts';

/** What a measurement is of, whatever the values. */
interface MeasuredShape {
  readonly model: ModelSpec;
  readonly dataset: Dataset;
  readonly mode: 'train' | 'eval';
  readonly ghostBatch?: number | undefined;
}

/** How messages call what helps where a batch does not fit. */
export interface OneBatchRemedies {
  readonly evalMode: string;
  /** Null where there are no ghost batches. */
  readonly ghostBatch: string | null;
}

/**
 * Refuses data whose examples see each other and do not fit on the device as one batch, by the plan of the Hessian's
 * products, which take most. Nothing is made or uploaded.
 * @param shapes of one example before and after each layer
 * @param remedies how messages call what helps
 * @throws InputError with the memory that the batch needs and the limit
 * @throws LimitError if the parameters or the data do not fit, in batches of whatever size
 */
export async function requireOneBatch(
  gpu: Gpu,
  file: string,
  { model, dataset, mode, ghostBatch }: MeasuredShape,
  shapes: readonly (readonly number[])[],
  { ghostBatch: units, evalMode }: OneBatchRemedies,
): Promise<void> {
  const planned = planningGpu(gpu).gpu;
  const layout = parameterLayout(model);
  const batch = Math.min(dataset.examples, ghostBatch ?? dataset.examples);
  const theta = new State(planned, { label: 'parameters', shape: [layout.length] });
  const examples = placeExamples(planned, dataset);
  const point = { model, layout, theta, examples, context: { mode }, ghostBatch };
  try {
    await CurvatureOperator.open(planned, point, 1);
  } catch (error) {
    if (!(error instanceof LimitError)) throw error;
    const bytes = shapes.reduce(
      (sum, shape) => sum + shape.reduce((product, extent) => product * extent, 4 * batch),
      0,
    );
    throw new InputError(
      file,
      `${batch} examples`,
      `BatchNorm in train mode takes them as one batch, whose activations alone have ${bytes} bytes; take fewer ` +
        `examples, ${units === null ? '' : `${units}, `}or ${evalMode} (${error.message})`,
    );
  }
}
