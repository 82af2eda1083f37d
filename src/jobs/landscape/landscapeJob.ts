import { type Dataset, fitDataset } from '../../data/dataset.ts';
import { loadDataset } from '../../data/loadDataset.ts';
import { readWeights } from '../../data/readWeights.ts';
import { writeSafetensors } from '../../data/safetensors.ts';
import type { Gpu } from '../../gpu/device.ts';
import { RunKernels } from '../../gpu/runKernels.ts';
import type { FinishedParts } from '../../host/finishedParts.ts';
import type { RunControl } from '../../host/runControl.ts';
import {
  type LandscapeInput,
  type LandscapeProgress,
  type NamedWeights,
  requireStatisticsPass,
} from '../../measure/landscape/landscapeInput.ts';
import type { LandscapeResult } from '../../measure/landscape/landscapeResult.ts';
import { lossOnLine } from '../../measure/landscape/line.ts';
import { lossOnPlane } from '../../measure/landscape/plane.ts';
import { lossOnRays } from '../../measure/landscape/rays.ts';
import { namedValues } from '../../nn/flatValues.ts';
import { parameterLayout } from '../../nn/forward.ts';
import { requireParameters } from '../../nn/modelFrom.ts';
import { parseModel, stateDictLayout } from '../../nn/modelSpec.ts';
import { stateDictTensors } from '../../nn/stateDict.ts';
import { provenance } from '../../train/provenance.ts';
import type { JobEvent, JobHost } from '../jobEvent.ts';
import { untilStopped } from '../untilStopped.ts';
import {
  type LandscapeJob,
  type LandscapeSpec,
  parseLandscapeSpec,
  type WeightsFile,
} from './landscapeSpec.ts';

/** What a kind of landscape finds, and the tensors that go with it. */
interface Found {
  readonly result: LandscapeResult;
  readonly tensors?: Parameters<typeof writeSafetensors>[0];
}

type Working<T> = AsyncGenerator<LandscapeProgress, T, void>;

/**
 * The loss along a line, over a plane or along rays (interfaces: `basin landscape`). Stopped by `control`, it ends without a result.
 * @throws InputError for input that is refused, before anything is computed
 */
export async function* landscapeJob(
  device: Gpu,
  given: LandscapeSpec,
  host: JobHost,
  control?: RunControl,
  finished?: FinishedParts,
): AsyncGenerator<JobEvent, void, void> {
  const began = Date.now();
  yield { type: 'phase', phase: `reading ${given.data ?? 'data'}` };
  const spec = parseLandscapeSpec(given);
  const kernels = new RunKernels(device, spec.kernels, finished?.kernels);
  const gpu: Gpu = { ...device, kernels };
  const { input, weightsOf, notes } = await readInput(spec, host);
  const work = await landscapeOf(gpu, spec, { ...input, finished }, weightsOf);
  for (const text of notes) yield { type: 'note', text };

  yield { type: 'phase', phase: 'evaluating points' };
  const found = yield* untilStopped(
    work,
    (progress) => ({ type: 'progress', ...progress, unit: 'points' }),
    control,
  );
  if (!found) return;
  const { result, tensors } = found;
  const { kernels: _, ...job } = { job: 'landscape' as const, ...spec };
  yield {
    type: 'result',
    result: { ...result, ...provenance(job, device.info, began), kernels: kernels.record },
    ...(tensors ? { tensors: writeSafetensors(tensors) } : {}),
    exitCode: 0,
  };
}

async function readInput(spec: LandscapeJob, host: JobHost) {
  const model = parseModel(spec.model, await host.read(spec.model));
  requireParameters(spec.model, model);
  const { dataset } = fitDataset(await loadDataset(spec.data, host), model, spec.model);
  const test = spec.test === undefined ? null : testSplit(await loadDataset(spec.test, host));
  const input: LandscapeInput = {
    modelName: spec.model,
    model,
    dataset,
    test: test && fitDataset(test, model, spec.model).dataset,
    batchNorm: spec.batch_norm,
    bnBatchSize: spec.bn_batch_size,
  };
  requireStatisticsPass(input, 'bn_batch_size');
  const notes: string[] = [];
  const layout = stateDictLayout(model);
  const weightsOf = async (file: WeightsFile): Promise<NamedWeights> => {
    const { weights, prefix } =
      typeof file === 'string' ? { weights: file, prefix: spec.weights_prefix } : file;
    const options = { weights_prefix: prefix, weights_by_order: spec.weights_by_order };
    const values = await readWeights(weights, layout, options, host, (text) => notes.push(text));
    return { name: prefix ? `${weights} (${prefix})` : weights, values };
  };
  return { input, weightsOf, notes };
}

/** A data set that has a split for testing is asked for that; any other is what it is. */
function testSplit(loaded: Dataset): Dataset {
  return loaded.test ?? loaded;
}

async function landscapeOf(
  gpu: Gpu,
  spec: LandscapeJob,
  input: LandscapeInput,
  weightsOf: (file: WeightsFile) => Promise<NamedWeights>,
): Promise<Working<Found>> {
  switch (spec.kind) {
    case 'line': {
      const { range, points, curved } = spec;
      const [from, to] = [await weightsOf(spec.from), await weightsOf(spec.to)];
      return alone(lossOnLine(gpu, input, { from, to, range, points, curved }));
    }
    case 'plane': {
      const { points, margin } = spec;
      const [w1, w2, w3] = spec.through;
      const through = [await weightsOf(w1), await weightsOf(w2), await weightsOf(w3)] as const;
      const mark: Record<string, NamedWeights> = {};
      for (const [name, file] of Object.entries(spec.mark)) mark[name] = await weightsOf(file);
      return alone(lossOnPlane(gpu, input, { through, mark, points, margin }));
    }
    case 'rays': {
      const { rays, radius, points, seed, filter_normalised: filterNormalised } = spec;
      const weights = await weightsOf(spec.weights);
      return withDirections(
        input,
        lossOnRays(gpu, input, { weights, rays, radius, points, seed, filterNormalised }),
      );
    }
  }
}

/** A landscape without tensors. */
async function* alone(work: Working<LandscapeResult>): Working<Found> {
  return { result: yield* work };
}

/** Rays with their directions: `ray.<i>.<name>`. */
async function* withDirections(
  { model }: LandscapeInput,
  work: ReturnType<typeof lossOnRays>,
): Working<Found> {
  const { result, directions } = yield* work;
  const layout = parameterLayout(model);
  const parameters = stateDictLayout(model).filter(({ kind }) => kind === 'parameter');
  const tensors = directions.flatMap((flat, i) => [
    ...stateDictTensors(namedValues(layout, flat), parameters, { prefix: `ray.${i}.` }),
  ]);
  return { result, tensors: new Map(tensors) };
}
