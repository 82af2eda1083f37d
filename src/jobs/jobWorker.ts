import { expose } from 'comlink';
import type { Catalogue } from '../bench/catalogue.ts';
import type { WantedTarget } from '../bench/edit/editTarget.ts';
import type { EditTarget } from '../bench/edit/kernelEditReport.ts';
import { type ExperimentRecord, recordOf } from '../experiments/experiment.ts';
import type { ExperimentPlan, PlannedRun } from '../experiments/planExperiment.ts';
import { type AdapterInfo, type Gpu, openDevice } from '../gpu/device.ts';
import { InputError } from '../host/inputError.ts';
import { RunControl } from '../host/runControl.ts';
import { readBrowserCache, writeBrowserCache } from '../tuning/browserCache.ts';
import { withTunedKernels } from '../tuning/chosenKernels.ts';
import { merge } from '../tuning/tunedTable.ts';
import type { TuneResult } from '../tuning/tuneJob.ts';
import { type JobEvent, type JobHost, type JobSpec, takesTunedKernels } from './job.ts';
import { deviceJob, lastingJob } from './lastingJob.ts';

/** What the page sees of the worker that computes for it. */
export class JobWorker {
  #gpu: Promise<Gpu> | undefined;
  #control: RunControl | undefined;

  /**
   * Opens the device, or gives the one that is open.
   * @throws NoAdapterError, which says what to do
   */
  async adapter(): Promise<AdapterInfo> {
    return (await this.#open()).info;
  }

  /**
   * Runs one job to its end. Where its device is lost, a job that computes goes on with another one; a run of which the page keeps snapshots
   * ends, since the page has it go on from these.
   *
   * @param base the page's address, against which `data/` is found.
   * @param onEvent takes each event before the next is made.
   * @param files what the page was given, by the names that the job has for them.
   * @param changes what is set of the run before its first step.
   * @throws what the job throws; an error when the device reported one that nothing caught.
   */
  async run(
    spec: JobSpec,
    base: string,
    onEvent: (event: PageEvent) => Promise<void> | void,
    files: PageFiles = {},
    changes: readonly AskedChange[] = [],
  ): Promise<void> {
    if (this.#control) throw new Error('a job is running already');
    const control = new RunControl();
    for (const change of changes) set(control, change);
    this.#control = control;
    try {
      for await (const event of await this.#events(spec, pageHost(base, files), control)) {
        if (event.type === 'result' && spec.job === 'tune') await keep(event.result as TuneResult);
        // A blob goes by reference: the page keeps it and never touches its bytes.
        if (event.type !== 'snapshot') await onEvent(event);
        else await onEvent({ ...event, tensors: new Blob([event.tensors as BlobPart]) });
      }
    } finally {
      this.#control = undefined;
    }
  }

  async #events(spec: JobSpec, host: JobHost, control: RunControl): Promise<AsyncIterable<JobEvent>> {
    const cache = takesTunedKernels(spec) ? await readBrowserCache() : undefined;
    const isKept = spec.job === 'train' && spec.snapshot !== undefined;
    if (takesTunedKernels(spec) && !isKept) return lastingJob(() => this.#lend(), spec, host, cache, control);
    return deviceJob(await this.#open(), spec, host, cache, control);
  }

  /** What the kernel bench can be asked for. */
  async kernelCatalogue(): Promise<Catalogue> {
    return (await import('../bench/catalogue.ts')).catalogue;
  }

  /**
   * What is known of a kernel that is to be edited.
   * @throws InputError if there is no such row, or this adapter does not run it
   */
  async kernelToEdit(wanted: WantedTarget): Promise<EditTarget> {
    const gpu = await this.#open();
    return (await import('../bench/edit/editTarget.ts')).editTarget(gpu, wanted);
  }

  /** The experiments there are. */
  async experimentRecords(): Promise<readonly ExperimentRecord[]> {
    const { experiments } = await import('../experiments/index.ts');
    return experiments.map(recordOf);
  }

  /**
   * What a run of an experiment would take, and what its kept cells come to; without a device, of the cells alone.
   * @throws InputError for a protocol that is refused
   */
  async planExperiment(
    id: string,
    run: PlannedRun,
    base: string,
    files: PageFiles = {},
  ): Promise<ExperimentPlan> {
    const { findExperiment } = await import('./experimentJob.ts');
    const { planExperiment } = await import('../experiments/planExperiment.ts');
    const opened = (await this.#gpu?.catch(() => null)) ?? null;
    const gpu = opened && withTunedKernels(opened, await readBrowserCache());
    return planExperiment(findExperiment(id), run, { gpu, host: pageHost(base, files) });
  }

  /** How fast this adapter is, as a share of the one that costs are told of. @throws NoAdapterError */
  async adapterSpeed(): Promise<number> {
    const { adapterSpeed } = await import('../experiments/reproduction/adapterSpeed.ts');
    return adapterSpeed(withTunedKernels(await this.#open(), await readBrowserCache()));
  }

  pause(): void {
    this.#control?.pause();
  }

  resume(): void {
    this.#control?.resume();
  }

  stop(): void {
    this.#control?.stop();
  }

  /** Sets something of the run from its next step on. */
  change(change: AskedChange): void {
    if (this.#control) set(this.#control, change);
  }

  /** The worker's device: the job's end is not its. */
  async #lend(): Promise<Gpu> {
    const gpu = await this.#open();
    return { ...gpu, dispose() {}, [Symbol.dispose]() {} };
  }

  #open(): Promise<Gpu> {
    if (this.#gpu) return this.#gpu;
    const opening = openDevice();
    this.#gpu = opening;
    const forget = () => {
      if (this.#gpu === opening) this.#gpu = undefined;
    };
    // The next job opens another device where this one went away, had an error that nothing caught, or never came.
    opening.then(async (gpu) => {
      await gpu.lost;
      forget();
      gpu.dispose();
    }, forget);
    return opening;
  }
}

/** A run's snapshot as a page has it. */
export type PageSnapshot = Omit<Extract<JobEvent, { readonly type: 'snapshot' }>, 'tensors'> & {
  readonly tensors: Blob;
};

/** What a job tells a page beside snapshots. */
export type PageNews = Exclude<JobEvent, { readonly type: 'snapshot' }>;

/** What a page's job tells: as any job, but for snapshots, which a page keeps as blobs. */
export type PageEvent = PageNews | PageSnapshot;

/** What a page sets of a run that goes on; of all replicas where none is named. */
export type AskedChange =
  | { readonly learningRate: number; readonly replica?: number | undefined }
  | { readonly batchSize: number };

function set(control: RunControl, change: AskedChange): void {
  if ('batchSize' in change) control.setBatchSize(change.batchSize);
  else control.setLearningRate(change.learningRate, change.replica);
}

/** Later runs in this browser take what was measured. */
async function keep({ device, entries }: TuneResult): Promise<void> {
  await writeBrowserCache(merge(await readBrowserCache(), device, entries));
}

/** Files by name. */
export type PageFiles = Readonly<Record<string, Blob>>;

/** Built-in data comes gzipped from `data/` beside the page; other files are those that the page was given. */
function pageHost(base: string, files: PageFiles): JobHost {
  return {
    async find(path) {
      return { path, is: Object.hasOwn(files, path) ? 'file' : 'nothing' };
    },
    async read(path) {
      if (Object.hasOwn(files, path)) return new Uint8Array(await files[path]!.arrayBuffer());
      const name = /^builtin:(.+)$/.exec(path)?.[1];
      if (name === undefined) {
        throw new InputError(
          path,
          'file',
          'was not given to the page; it reads those files and built-in data sets only',
        );
      }
      const url = new URL(`data/${name}.gz`, base);
      const response = await fetch(url);
      if (!response.ok) {
        throw new InputError(path, 'built-in data', `${url.pathname} was answered with ${response.status}`);
      }
      const bytes = new Uint8Array(await response.arrayBuffer());
      // Some servers declare a .gz file as an encoding of its content, and the browser has unpacked it by now.
      if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
      const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
      return new Uint8Array(await new Response(unpacked).arrayBuffer());
    },
  };
}

expose(new JobWorker());
