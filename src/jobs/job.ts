import type { MomentsSpec } from '../bench/benchMoments.ts';
import type { KernelEditSpec } from '../bench/edit/kernelEditReport.ts';
import type { InstrumentBenchOptions } from '../bench/instruments/benchInstruments.ts';
import type { KernelsSpec } from '../bench/kernelsReport.ts';
import type { Gpu } from '../gpu/device.ts';
import { LimitError } from '../gpu/limitError.ts';
import type { FinishedParts } from '../host/finishedParts.ts';
import { InputError } from '../host/inputError.ts';
import type { RunControl } from '../host/runControl.ts';
import { showValue } from '../host/showValue.ts';
import type { SelftestSpec } from '../selftest/selftest.ts';
import type { Reading } from '../train/reading.ts';
import type { TuneSpec } from '../tuning/tuneJob.ts';
import type { ExperimentSpec } from './experimentJob.ts';
import type { JobEvent, JobHost } from './jobEvent.ts';
import type { LandscapeSpec } from './landscape/landscapeSpec.ts';
import { LastStep } from './lastStep.ts';
import { measureJob } from './measure/measureJob.ts';
import type { MeasureSpec } from './measure/measureSpec.ts';
import type { ReproduceSpec } from './reproduceJob.ts';
import { sharpnessJob } from './sharpness/sharpnessJob.ts';
import type { SharpnessSpec } from './sharpness/sharpnessSpec.ts';
import { type TrainSpec, trainJob } from './trainJob.ts';

export type { JobEvent, JobHost, Reading };

/** A job, by its name: what `runJob` takes. Settings are those of the command line and of train.json. */
export type JobSpec =
  /** `resume`: from the snapshot that the description names, if there is one; readings up to step `known` are then not told again. */
  | ({ readonly job: 'train'; readonly resume?: boolean; readonly known?: number } & TrainSpec)
  | ({ readonly job: 'measure' } & MeasureSpec)
  | ({ readonly job: 'sharpness' } & SharpnessSpec)
  | ({ readonly job: 'landscape' } & LandscapeSpec)
  | ({ readonly job: 'tune' } & TuneSpec)
  | ({ readonly job: 'benchKernels' } & KernelsSpec)
  | ({ readonly job: 'editKernel' } & KernelEditSpec)
  | ({ readonly job: 'benchMoments' } & MomentsSpec)
  | { readonly job: 'benchCurvature'; readonly rounds: number }
  | { readonly job: 'benchLandscape'; readonly rounds: number }
  | ({ readonly job: 'benchInstruments' } & InstrumentBenchOptions)
  | ({ readonly job: 'experiment' } & ExperimentSpec)
  | ({ readonly job: 'reproduce' } & ReproduceSpec)
  | ({ readonly job: 'selftest' } & SelftestSpec);

/** Whether a job takes the kernels measured on this machine; self-test, tuner and benchmarks take the defaults. */
export function takesTunedKernels({ job }: { readonly job: string }): boolean {
  return ['train', 'measure', 'sharpness', 'landscape', 'experiment', 'reproduce'].includes(job);
}

type Events = AsyncGenerator<JobEvent, void, void>;

/**
 * Runs a job and yields what happens, alike in a page's worker, under Node and in a headless browser. Taking no
 * more events pauses it; `control` pauses, stops and changes the learning rate from outside.
 * @param finished what it did on a device that was lost: it is not done again, and what it does on this one is kept there
 * @throws InputError for input that is refused; DeviceLostError if the device goes away, with the last step read.
 */
export async function* runJob(
  gpu: Gpu,
  spec: JobSpec,
  host: JobHost,
  control?: RunControl,
  finished?: FinishedParts,
): AsyncGenerator<JobEvent, void, void> {
  const last = new LastStep();
  try {
    for await (const event of jobEvents(gpu, spec, host, control, finished)) {
      last.take(event);
      yield event;
    }
  } catch (error) {
    // What passes a limit of the adapter is input that it cannot take.
    if (error instanceof LimitError) throw new InputError(spec.job, 'limit of this adapter', error.message);
    if (isMemory(error)) {
      const cure = 'take a smaller model, fewer examples or replicas, or give the process more memory';
      throw new Error(
        `${spec.job}: the memory of this process is used up (${error.message})${last.text}: ${cure}`,
      );
    }
    throw last.naming(error);
  }
}

/** Whether an array could not be made. */
function isMemory(error: unknown): error is RangeError {
  return error instanceof RangeError && /allocation failed/.test(error.message);
}

/** What runs each job; what few ask for is loaded when it is. */
const JOBS: {
  readonly [Name in JobSpec['job']]: (
    gpu: Gpu,
    spec: Extract<JobSpec, { readonly job: Name }>,
    host: JobHost,
    control?: RunControl,
    finished?: FinishedParts,
  ) => Events | Promise<Events>;
} = {
  train: trainJob,
  measure: measureJob,
  sharpness: sharpnessJob,
  landscape: async (...given) => (await import('./landscape/landscapeJob.ts')).landscapeJob(...given),
  tune: async (gpu, spec, host) => (await import('../tuning/tuneJob.ts')).tuneJob(gpu, spec, host),
  benchKernels: async (gpu, spec, _, control) =>
    (await import('../bench/benchKernels.ts')).benchKernels(gpu, spec, control),
  editKernel: async (gpu, spec, _, control) =>
    (await import('../bench/edit/editKernel.ts')).editKernel(gpu, spec, control),
  benchMoments: async (gpu, spec) => (await import('../bench/benchMoments.ts')).benchMoments(gpu, spec),
  benchCurvature: async (gpu, { rounds }, host) =>
    (await import('../bench/curvature/benchCurvature.ts')).benchCurvature(gpu, rounds, host),
  benchLandscape: async (gpu, { rounds }) =>
    (await import('../bench/landscape/benchLandscape.ts')).benchLandscape(gpu, rounds),
  benchInstruments: async (gpu, spec, host) =>
    (await import('../bench/instruments/benchInstruments.ts')).benchInstruments(gpu, spec, host),
  experiment: async (gpu, spec, host, control, finished) =>
    (await import('./experimentJob.ts')).experimentJob(gpu, spec, host, control, undefined, finished),
  reproduce: async (gpu, spec, host, control, finished) =>
    (await import('./reproduceJob.ts')).reproduceJob(gpu, spec, host, control, undefined, finished),
  // A page has no use for the references.
  selftest: async (gpu, spec) => (await import('./selftestJob.ts')).selftestJob(gpu, spec),
};

async function* jobEvents(
  gpu: Gpu,
  spec: JobSpec,
  host: JobHost,
  control?: RunControl,
  finished?: FinishedParts,
): Events {
  const run = Object.hasOwn(JOBS, spec.job) ? JOBS[spec.job] : null;
  if (!run) {
    const reason = `is ${showValue(spec.job)}, expected one of ${Object.keys(JOBS).join(', ')}`;
    throw new InputError('job', 'job', reason);
  }
  yield { type: 'adapter', adapter: gpu.info };
  yield* await (run as (...given: unknown[]) => Events | Promise<Events>)(gpu, spec, host, control, finished);
}
