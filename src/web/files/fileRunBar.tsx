import { useRef } from 'preact/hooks';
import { JobProgress } from '../jobProgress.tsx';
import { useRunFocus } from '../useRunFocus.ts';
import type { FilesSession } from './filesSession.ts';

/** Run, stop, and how far it is. */
export function FileRunBar({ session }: { session: FilesSession }) {
  const { state, adapter } = session;
  const running = state !== 'idle';
  const run = useRef<HTMLButtonElement>(null);
  const stop = useRef<HTMLButtonElement>(null);
  useRunFocus(running, run, stop);
  return (
    <section class="run-bar" aria-label="Run">
      <div class="buttons">
        <button
          ref={run}
          type="submit"
          form="settings"
          class="primary"
          disabled={running || adapter === undefined}
        >
          Run
        </button>
        <button ref={stop} type="button" disabled={!running} onClick={() => void session.stop()}>
          {state === 'stopping' ? 'Stop at once' : 'Stop'}
        </button>
      </div>
      <JobProgress session={session} />
    </section>
  );
}
