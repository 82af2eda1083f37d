import { formatCount } from '../../present/formatNumber.ts';
import type { BenchSession } from './benchSession.ts';

interface ControlsProps {
  session: BenchSession;
  quick: boolean;
  onQuick(quick: boolean): void;
  onRun(): void;
}

/** Run, stop, how far it is. */
export function RunControls({ session, quick, onQuick, onRun }: ControlsProps) {
  const { state, adapterError } = session;
  const running = state !== 'idle';
  return (
    <section class="run-bar" aria-label="Run">
      <div class="buttons">
        <button
          type="button"
          class="primary"
          disabled={running || adapterError !== undefined}
          onClick={onRun}
        >
          Run
        </button>
        <button type="button" disabled={!running} onClick={() => void session.stop()}>
          {state === 'stopping' ? 'Stop at once' : 'Stop'}
        </button>
      </div>
      <Progress session={session} />
      <label class="quick">
        <input
          type="checkbox"
          checked={quick}
          disabled={running}
          onChange={(event) => onQuick(event.currentTarget.checked)}
        />
        <span>
          quick<span class="hint">: small shapes, seconds; no figures to quote</span>
        </span>
      </label>
    </section>
  );
}

function Progress({ session }: { session: BenchSession }) {
  const { state, phase, progress, live } = session;
  const share = progress && progress.total > 0 ? progress.done / progress.total : 0;
  return (
    <div class="progress">
      <p class="status" role="status">
        {session.announcement}
      </p>
      <progress
        max={1}
        value={state !== 'idle' && !progress ? undefined : state === 'idle' && live?.report ? 1 : share}
        aria-label="Progress of the run"
      />
      <p class="numbers">
        {state !== 'idle' && <span>{state === 'running' ? phase : state}</span>}
        {state !== 'idle' && progress && (
          <span>
            {formatCount(progress.done)} of {formatCount(progress.total)} {progress.unit}
          </span>
        )}
      </p>
    </div>
  );
}
