import { formatCount } from '../present/formatNumber.ts';
import type { WorkerSession } from './workerSession.ts';

/** A session that knows how far its job is. */
type Progressing = WorkerSession & {
  readonly progress: { readonly done: number; readonly total: number; readonly unit: string } | undefined;
};

/** What a page's job does, and how far it is. */
export function JobProgress({ session }: { session: Progressing }) {
  const { state, phase, progress, announcement } = session;
  const running = state !== 'idle';
  return (
    <div class="progress">
      <p class="status" role="status">
        {announcement}
      </p>
      <progress
        max={1}
        value={running && !progress ? undefined : progress ? progress.done / progress.total : 0}
        aria-label="Progress of what is under way"
      />
      <p class="numbers">
        {running && <span>{state === 'running' ? phase : state}</span>}
        {running && progress && (
          <span>
            {formatCount(progress.done)} of {formatCount(progress.total)} {progress.unit}
          </span>
        )}
      </p>
    </div>
  );
}
