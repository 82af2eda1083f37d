import type { JobSpec } from '../../jobs/job.ts';
import type { PageFiles } from '../../jobs/jobWorker.ts';
import type { LandscapeResult } from '../../measure/landscape/landscapeResult.ts';
import type { SharpnessResult } from '../../measure/sharpness/sharpnessResult.ts';
import { WorkerSession } from '../workerSession.ts';
import { EXAMPLE_DATA, EXAMPLE_MODEL, EXAMPLE_RUN } from './exampleRun.ts';
import { type GivenFile, type GivenWeights, givenFile } from './givenFiles.ts';
import type { Kind } from './kinds.ts';

/** What came of a job. */
export interface Found {
  readonly kind: Kind;
  readonly result: LandscapeResult | SharpnessResult;
  /** A safetensors file; undefined where the job gives none. */
  readonly tensors: Uint8Array | undefined;
}

/** The landscape page's session: the files it was given, the job under way, and what the last one found. */
export class LandscapeSession extends WorkerSession {
  given: readonly GivenFile[] = [];
  progress: { readonly done: number; readonly total: number; readonly unit: string } | undefined;
  found: Found | undefined;

  /** All weights that there are. */
  get weights(): readonly GivenWeights[] {
    return this.given.flatMap((file) => (file.is === 'weights' ? file.weights : []));
  }

  /** The name of the model, of the last one where several were given. */
  get model(): string | undefined {
    return this.given.findLast(({ is }) => is === 'model')?.name;
  }

  protected override get files(): PageFiles {
    return Object.fromEntries(this.given.map(({ name, blob }) => [name, blob]));
  }

  /** Takes files; one of a name that is there takes its place. A file that is refused ends up in `error`, and none is taken. */
  async take(files: readonly File[]): Promise<void> {
    this.error = undefined;
    try {
      const taken = await Promise.all(files.map(givenFile));
      const names = new Set(taken.map(({ name }) => name));
      this.given = [...this.given.filter(({ name }) => !names.has(name)), ...taken];
      this.say(`${taken.length} ${taken.length === 1 ? 'file' : 'files'} taken`);
    } catch (error) {
      this.error = (error as Error).message;
      this.say('A file was refused');
    }
  }

  remove(name: string): void {
    this.given = this.given.filter((file) => file.name !== name);
    this.say(`${name} removed`);
  }

  /** Trains three small networks, so that there is something to look at. @returns their data set's name, undefined where that failed */
  async makeExample(): Promise<string | undefined> {
    let tensors: Uint8Array | undefined;
    this.progress = undefined;
    await this.runJob(EXAMPLE_RUN, {
      started: 'Training three small networks',
      failed: 'The training failed',
      ended: () => 'Trained three small networks',
      take: (event) => {
        if (event.type === 'progress') this.progress = event;
        else if (event.type === 'result') tensors = event.tensors;
      },
    });
    if (!tensors) return undefined;
    await this.take([
      new File([JSON.stringify(EXAMPLE_MODEL)], 'example.json'),
      new File([tensors as BlobPart], 'example.safetensors'),
    ]);
    return EXAMPLE_DATA;
  }

  /** Runs a landscape or a sharpness to its end; errors end up in `error`. */
  async start(kind: Kind, spec: JobSpec): Promise<void> {
    if (this.state !== 'idle') return;
    this.progress = undefined;
    this.found = undefined;
    await this.runJob(spec, {
      started: 'Started',
      failed: 'It ended with an error',
      ended: () => (this.found ? 'Finished' : 'Stopped: nothing is kept'),
      take: (event) => {
        if (event.type === 'progress') this.progress = event;
        else if (event.type === 'result') {
          const { result, tensors } = event;
          this.found = { kind, result: result as Found['result'], tensors };
        }
      },
    });
  }
}
