import { JobProgress } from '../jobProgress.tsx';
import type { BenchSession } from './benchSession.ts';
import { Quick } from './quick.tsx';

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
      <JobProgress session={session} />
      <Quick quick={quick} disabled={running} onQuick={onQuick} />
    </section>
  );
}
