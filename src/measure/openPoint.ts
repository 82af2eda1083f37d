import type { Dataset } from '../data/dataset.ts';
import { uploadExamples } from '../data/uploadExamples.ts';
import type { Gpu } from '../gpu/device.ts';
import { Scope } from '../gpu/scope.ts';
import { State } from '../gpu/state.ts';
import { bufferLayout } from '../nn/batchNorm.ts';
import { type FlatLayout, flatValues } from '../nn/flatValues.ts';
import { parameterLayout } from '../nn/forward.ts';
import type { ModelSpec } from '../nn/modelSpec.ts';
import type { StateValues } from '../nn/stateDict.ts';
import type { ExampleSource, Point } from './pass.ts';

/** What a point is made of, in host memory. */
export interface PointParts {
  readonly model: ModelSpec;
  readonly mode: 'train' | 'eval';
  /** In the model's shape, as `fitDataset` gives it. */
  readonly dataset: Dataset;
  /** The state dict by name. */
  readonly weights: StateValues;
  readonly ghostBatch?: number | undefined;
  /** An order drawn by a seed in which the data set's examples are, if they are. */
  readonly drawn?: ExampleSource['drawn'];
}

/**
 * Parameters, running statistics and examples in device memory; `dispose` frees them.
 * @throws LimitError if one of them passes the adapter's largest storage binding
 */
export function openPoint(
  gpu: Gpu,
  { model, mode, dataset, weights, ghostBatch, drawn }: PointParts,
): { readonly point: Point; dispose(): void } {
  return Scope.makeNow((scope) => {
    const layout = parameterLayout(model);
    const state = (label: string, of: FlatLayout): State => {
      const made = scope.own(new State(gpu, { label, shape: [of.length] }));
      made.write(flatValues(of, weights));
      return made;
    };
    const theta = state('parameters', layout);
    const statistics = bufferLayout(model);
    const buffers = mode === 'eval' && statistics.length > 0 ? state('running statistics', statistics) : null;
    const examples = scope.own(uploadExamples(gpu, dataset));
    return {
      point: {
        model,
        layout,
        theta,
        examples,
        context: { mode, buffers },
        ...(ghostBatch === undefined ? {} : { ghostBatch }),
        source: { name: dataset.name, targets: dataset.targets, drawn: drawn ?? null },
      },
      dispose: () => scope.dispose(),
    };
  });
}
