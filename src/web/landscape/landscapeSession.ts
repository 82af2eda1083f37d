import type { JobSpec } from '../../jobs/job.ts';
import type { PageFiles } from '../../jobs/jobWorker.ts';
import type { LandscapeSpec } from '../../jobs/landscape/landscapeSpec.ts';
import type { LandscapeResult, LineResult, PlaneResult } from '../../measure/landscape/landscapeResult.ts';
import type { WeightsFile } from '../fields/field.ts';
import { FilesSession } from '../files/filesSession.ts';
import { withKernels } from '../files/withKernels.ts';
import type { Trajectory } from './kinds.ts';
import type { Slice } from './slice.ts';

/** What came of a job. */
export interface Found {
  readonly spec: JobSpec;
  readonly result: LandscapeResult;
  /** A safetensors file; undefined where the job gives none. */
  readonly tensors: Uint8Array | undefined;
  readonly trajectories: readonly Trajectory[];
}

/** A slice of a plane, computed. */
export interface ExactSlice {
  readonly slice: Slice;
  readonly result: LineResult;
}

/** Names of the files that a slice's ends are given to the job by. */
const ENDS = ['start of the slice', 'end of the slice'] as const;

/** Points of a slice that is computed. */
const POINTS = 41;

/** The landscape page's session: the files it was given, the job under way, and what the last one found. */
export class LandscapeSession extends FilesSession {
  found: Found | undefined;
  slice: ExactSlice | undefined;
  #ends: PageFiles = {};

  protected override get files(): PageFiles {
    return { ...super.files, ...this.#ends };
  }

  /** Runs a landscape to its end; errors end up in `error`. */
  async start(spec: JobSpec, trajectories: readonly Trajectory[]): Promise<void> {
    if (this.state !== 'idle') return;
    this.progress = undefined;
    this.found = undefined;
    this.slice = undefined;
    this.notes = [];
    await this.runJob(withKernels(spec, this.given), {
      started: 'Started',
      failed: 'It ended with an error',
      ended: () => (this.found ? 'Finished' : 'Stopped: nothing is kept'),
      take: (event) => {
        this.follow(event);
        if (event.type === 'result') {
          const { result, tensors } = event;
          this.found = { spec, result: result as LandscapeResult, tensors, trajectories };
        }
      },
    });
  }

  /** Computes the losses along a slice of the plane that was found, by the line between weights at its ends. */
  async computeSlice(slice: Slice): Promise<void> {
    if (this.state !== 'idle' || this.found?.result.kind !== 'plane') return;
    const { spec, result } = this.found;
    this.progress = undefined;
    try {
      this.#ends = await this.#endsOf(spec as PlaneSpec, result, slice);
    } catch (error) {
      this.error = (error as Error).message;
      this.say('The slice cannot be computed');
      return;
    }
    const { through: _, mark: __, margin: ___, weights_prefix: ____, ...rest } = spec as PlaneSpec;
    const line = { ...rest, kind: 'line', from: ENDS[0], to: ENDS[1], range: [0, 1], points: POINTS };
    let exact: ExactSlice | undefined;
    await this.runJob(withKernels(line as JobSpec, this.given), {
      started: 'Computing along the slice',
      failed: 'The slice ended with an error',
      ended: () => (exact ? 'Computed along the slice' : 'Stopped: the slice is not computed'),
      take: (event) => {
        this.follow(event);
        if (event.type === 'result') {
          exact = { slice, result: event.result as LineResult };
          this.slice = exact;
        }
      },
    });
  }

  async #endsOf({ through }: PlaneSpec, result: PlaneResult, { from, to }: Slice): Promise<PageFiles> {
    const { weightsAt } = await import('./planeWeights.ts');
    const corners = await Promise.all(
      through.map(async (weights) => {
        const { file, prefix } = named(weights);
        const given = this.given.find(({ name }) => name === file);
        if (!given) throw new Error(`${file}: the page no longer has this file`);
        return { file, prefix, bytes: new Uint8Array(await given.blob.arrayBuffer()) };
      }),
    );
    const [start, end] = weightsAt(corners, result, [from, to]) as [Uint8Array, Uint8Array];
    return { [ENDS[0]]: new Blob([start as BlobPart]), [ENDS[1]]: new Blob([end as BlobPart]) };
  }
}

type PlaneSpec = Extract<LandscapeSpec, { readonly kind: 'plane' }>;

function named(weights: WeightsFile): { file: string; prefix: string } {
  return typeof weights === 'string'
    ? { file: weights, prefix: '' }
    : { file: weights.weights, prefix: weights.prefix };
}
