import { useRef } from 'preact/hooks';
import { formatDuration } from '../../present/formatNumber.ts';
import { useRunFocus } from '../useRunFocus.ts';
import type { ExperimentSession } from './experimentSession.ts';
import { timeLeft } from './timeLeft.ts';
import { runKey, type WantedRun } from './wantedRun.ts';

/** Run or go on, pause, stop, and how far it is. */
export function ClaimRunBar({ session, wanted }: { session: ExperimentSession; wanted: WantedRun }) {
  const { state, adapter, run, look } = session;
  const key = runKey(wanted);
  const plan = look?.key === key ? look.plan : undefined;
  const own = run?.key === key ? run : undefined;
  const running = state !== 'idle';
  const [runButton, stopButton] = [useRef<HTMLButtonElement>(null), useRef<HTMLButtonElement>(null)];
  useRunFocus(running && own !== undefined, runButton, stopButton);
  const total = plan?.cells.length ?? own?.cells?.total;
  const done = own?.cells?.done ?? plan?.kept ?? 0;
  const left =
    plan && session.speed !== undefined ? timeLeft(plan.cells, own?.took ?? new Map(), session.speed) : null;
  const goesOn = !running && plan !== undefined && plan.kept > 0 && plan.kept < plan.cells.length;
  return (
    <section class="run-bar" aria-label="Run">
      <div class="buttons">
        <button
          ref={runButton}
          type="button"
          class="primary"
          disabled={running || adapter === undefined || plan === undefined}
          onClick={() => void session.start(wanted)}
        >
          {goesOn ? 'Go on' : 'Run'}
        </button>
        <button
          type="button"
          disabled={!own || (state !== 'running' && state !== 'paused')}
          onClick={() => void (state === 'paused' ? session.resume() : session.pause())}
        >
          {own && state === 'paused' ? 'Resume' : 'Pause'}
        </button>
        <button
          ref={stopButton}
          type="button"
          disabled={!own || !running}
          onClick={() => void session.stop()}
        >
          {own && state === 'stopping' ? 'Stop at once' : 'Stop'}
        </button>
      </div>
      <div class="progress">
        <p class="status" role="status">
          {statusOf(session, own !== undefined, done, total)}
        </p>
        <progress
          max={1}
          value={total === undefined ? 0 : own && running ? own.share(plan?.kept ?? 0, total) : done / total}
          aria-label="Progress of the run"
        />
        <p class="numbers">
          {own && running && <span>{state === 'running' ? session.phase : state}</span>}
          {total !== undefined && (running ? own : true) && (
            <span>
              {done} of {total} {total === 1 ? 'cell' : 'cells'}
            </span>
          )}
          {own && running && left !== null && <span>about {formatDuration(left)} left</span>}
        </p>
      </div>
    </section>
  );
}

function statusOf(
  { state, announcement, run, adapter }: ExperimentSession,
  own: boolean,
  done: number,
  total: number | undefined,
): string {
  if (own) return announcement;
  if (state !== 'idle' && run) return `${run.wanted.record.id} is running: one claim at a time`;
  if (!adapter || total === undefined || done === 0) return adapter ? 'Ready' : announcement;
  return done === total
    ? 'Finished before: all cells are kept'
    : `Interrupted after ${done} of ${total} cells, which are kept`;
}
