import { writeSafetensors } from '../../data/safetensors.ts';
import type { Gpu } from '../../gpu/device.ts';
import { RunKernels } from '../../gpu/runKernels.ts';
import type { FinishedParts } from '../../host/finishedParts.ts';
import type { HostTensor } from '../../host/hostTensor.ts';
import type { RunControl } from '../../host/runControl.ts';
import { lossGradient } from '../../measure/gradient/lossGradient.ts';
import { meanOverUnits } from '../../measure/noise.ts';
import { openPoint } from '../../measure/openPoint.ts';
import { adaptiveSharpness } from '../../measure/sharpness/adaptiveSharpness.ts';
import { type KeskarSharpness, keskar } from '../../measure/sharpness/keskar.ts';
import { sam } from '../../measure/sharpness/sam.ts';
import type { SharpnessResult } from '../../measure/sharpness/sharpnessResult.ts';
import { dot64 } from '../../measure/statistics/dot64.ts';
import { dimension, type FlatLayout } from '../../ops/flat.ts';
import { provenance } from '../../train/provenance.ts';
import type { JobEvent, JobHost } from '../jobEvent.ts';
import { measureRounds } from '../measureRounds.ts';
import { readPointInput } from '../readPointInput.ts';
import { untilStopped } from '../untilStopped.ts';
import { parseSharpnessSpec, type SharpnessSpec } from './sharpnessSpec.ts';

/**
 * How sharp the loss is at one point, over all examples of the data: Keskar's φ, SAM's and ASAM's steps. Stopped by `control`, after a
 * box at the latest, it ends without a result.
 * @throws InputError for input that is refused, and for a loss that is not finite, naming the first such example
 */
export async function* sharpnessJob(
  device: Gpu,
  given: SharpnessSpec,
  host: JobHost,
  control?: RunControl,
  finished?: FinishedParts,
): AsyncGenerator<JobEvent, void, void> {
  yield { type: 'phase', phase: `reading ${given.data ?? 'data'}` };
  const began = Date.now();
  const spec = parseSharpnessSpec(given);
  const kernels = new RunKernels(device, spec.kernels, finished?.kernels);
  const gpu: Gpu = { ...device, kernels };
  const { notes, ...input } = await readPointInput(gpu, spec, host, { evalMode: '--eval', ghostBatch: null });
  for (const text of notes) yield { type: 'note', text };

  yield { type: 'phase', phase: 'searching the boxes' };
  const { epsilon, subspace, iterations, seed, rho, adaptive_rho: adaptiveRho, eta } = spec;
  const { point, dispose } = openPoint(gpu, input);
  try {
    const measurements = {
      at: lossGradient,
      keskar: keskar({ epsilon, subspace, iterations, seed }),
      sam: sam({ rho }),
      adaptive: adaptiveSharpness({ rho: adaptiveRho, eta }),
    };
    // The first round is of the gradient, the last one of the losses at what was found; between them lies a box each.
    const total = epsilon.length * (subspace === undefined ? 1 : 2);
    const boxDone = (round: number): readonly JobEvent[] =>
      round > 1 && round <= total + 1 ? [{ type: 'progress', done: round - 1, total, unit: 'boxes' }] : [];
    const work = measureRounds(gpu, point, measurements, boxDone, finished);
    const found = yield* untilStopped(work, (event) => event, control);
    if (!found) return;
    const result: SharpnessResult = {
      mode: input.mode,
      examples: input.dataset.examples,
      parameters: dimension(point.layout),
      loss: meanOverUnits(found.at.losses, 1),
      gradNorm: Math.sqrt(dot64(found.at.gradient, found.at.gradient)),
      keskar: found.keskar.map(({ displacement: _, ...box }) => box),
      sam: { rho, value: found.sam },
      adaptive: { rho: adaptiveRho, eta, value: found.adaptive },
      warnings: [
        ...(found.sam === null ? ['sam.value is null: the gradient is 0, and no direction is its'] : []),
        ...(found.adaptive === null ? ['adaptive.value is null: T∇f is 0, and no direction is its'] : []),
      ],
    };
    const { kernels: _, ...job } = { job: 'sharpness' as const, ...spec };
    yield {
      type: 'result',
      result: { ...result, ...provenance(job, device.info, began), kernels: kernels.record },
      tensors: writeSafetensors(displacements(point.layout, found.keskar)),
      exitCode: 0,
    };
  } finally {
    dispose();
  }
}

/** `keskar.<k>.<name>`: from θ to where the largest loss was found, k counting the boxes from 0. */
function displacements({ entries }: FlatLayout, boxes: readonly KeskarSharpness[]): Map<string, HostTensor> {
  return new Map(
    boxes.flatMap(({ displacement }, k) =>
      entries.map(({ name, shape }): [string, HostTensor] => [
        `keskar.${k}.${name}`,
        { dtype: 'F32', shape: [...shape], data: displacement.get(name)! },
      ]),
    ),
  );
}
