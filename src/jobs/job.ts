import type { MomentsSpec } from '../bench/benchMoments.ts';
import type { KernelsSpec } from '../bench/kernelsReport.ts';
import type { Gpu } from '../gpu/device.ts';
import { LimitError } from '../gpu/limitError.ts';
import { InputError } from '../host/inputError.ts';
import type { RunControl } from '../host/runControl.ts';
import type { SelftestSpec } from '../selftest/selftest.ts';
import type { Reading } from '../train/reading.ts';
import type { TuneSpec } from '../tuning/tuneJob.ts';
import type { ExperimentSpec } from './experimentJob.ts';
import type { JobEvent, JobHost } from './jobEvent.ts';
import type { LandscapeSpec } from './landscape/landscapeSpec.ts';
import { LastStep } from './lastStep.ts';
import { measureJob } from './measure/measureJob.ts';
import type { MeasureSpec } from './measure/measureSpec.ts';
import { sharpnessJob } from './sharpness/sharpnessJob.ts';
import type { SharpnessSpec } from './sharpness/sharpnessSpec.ts';
import { type TrainSpec, trainJob } from './trainJob.ts';

export type { JobEvent, JobHost, Reading };

/** A job, by its name: what `runJob` takes. Settings are those of the command line and of train.json. */
export type JobSpec =
  /** `resume`: from the snapshot that the description names, if there is one. */
  | ({ readonly job: 'train'; readonly resume?: boolean } & TrainSpec)
  | ({ readonly job: 'measure' } & MeasureSpec)
  | ({ readonly job: 'sharpness' } & SharpnessSpec)
  | ({ readonly job: 'landscape' } & LandscapeSpec)
  | ({ readonly job: 'tune' } & TuneSpec)
  | ({ readonly job: 'benchKernels' } & KernelsSpec)
  | ({ readonly job: 'benchMoments' } & MomentsSpec)
  | { readonly job: 'benchCurvature'; readonly rounds: number }
  | { readonly job: 'benchLandscape'; readonly rounds: number }
  | { readonly job: 'benchInstruments'; readonly rounds: number; readonly batches: readonly number[] }
  | ({ readonly job: 'experiment' } & ExperimentSpec)
  | ({ readonly job: 'selftest' } & SelftestSpec);

/** Whether a job takes the kernels measured on this machine; self-test, tuner and benchmarks take the defaults. */
export function takesTunedKernels({ job }: { readonly job: string }): boolean {
  return ['train', 'measure', 'sharpness', 'landscape', 'experiment'].includes(job);
}

/**
 * Runs a job and yields what happens, alike in a page's worker, under Node and in a headless browser. Taking no
 * more events pauses it; `control` pauses, stops and changes the learning rate from outside.
 * @throws InputError for input that is refused; DeviceLostError if the device goes away, with the last step read.
 */
export async function* runJob(
  gpu: Gpu,
  spec: JobSpec,
  host: JobHost,
  control?: RunControl,
): AsyncGenerator<JobEvent, void, void> {
  const last = new LastStep();
  try {
    for await (const event of jobEvents(gpu, spec, host, control)) {
      last.take(event);
      yield event;
    }
  } catch (error) {
    // What passes a limit of the adapter is input that it cannot take.
    if (error instanceof LimitError) throw new InputError(spec.job, 'limit of this adapter', error.message);
    throw last.naming(error);
  }
}

async function* jobEvents(
  gpu: Gpu,
  spec: JobSpec,
  host: JobHost,
  control?: RunControl,
): AsyncGenerator<JobEvent, void, void> {
  yield { type: 'adapter', adapter: gpu.info };
  if (spec.job === 'train') yield* trainJob(gpu, spec, host, control);
  else if (spec.job === 'measure') yield* measureJob(gpu, spec, host);
  else if (spec.job === 'sharpness') yield* sharpnessJob(gpu, spec, host);
  else if (spec.job === 'landscape') {
    const { landscapeJob } = await import('./landscape/landscapeJob.ts');
    yield* landscapeJob(gpu, spec, host, control);
  } else if (spec.job === 'tune') {
    const { tuneJob } = await import('../tuning/tuneJob.ts');
    yield* tuneJob(gpu, spec, host);
  } else if (spec.job === 'benchKernels') {
    const { benchKernels } = await import('../bench/benchKernels.ts');
    yield* benchKernels(gpu, spec, control);
  } else if (spec.job === 'benchMoments') {
    const { benchMoments } = await import('../bench/benchMoments.ts');
    yield* benchMoments(gpu, spec);
  } else if (spec.job === 'benchCurvature') {
    const { benchCurvature } = await import('../bench/curvature/benchCurvature.ts');
    yield* benchCurvature(gpu, spec.rounds, host);
  } else if (spec.job === 'benchLandscape') {
    const { benchLandscape } = await import('../bench/landscape/benchLandscape.ts');
    yield* benchLandscape(gpu, spec.rounds);
  } else if (spec.job === 'benchInstruments') {
    const { benchInstruments } = await import('../bench/instruments/benchInstruments.ts');
    yield* benchInstruments(gpu, spec, host);
  } else if (spec.job === 'experiment') {
    const { experimentJob } = await import('./experimentJob.ts');
    yield* experimentJob(gpu, spec, host, control);
  } else {
    // Loaded where it is asked for: a page has no use for the references.
    const { selftestJob } = await import('./selftestJob.ts');
    yield* selftestJob(gpu, spec);
  }
}
