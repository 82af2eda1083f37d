import { useEffect, useRef } from 'preact/hooks';
import { JobProgress } from '../jobProgress.tsx';
import type { FilesSession } from './filesSession.ts';

/** Run, stop, and how far it is. */
export function FileRunBar({ session }: { session: FilesSession }) {
  const { state, adapter } = session;
  const running = state !== 'idle';
  const run = useRef<HTMLButtonElement>(null);
  const stop = useRef<HTMLButtonElement>(null);
  const wasRunning = useRef(false);
  // The control that had the focus may have been disabled by the change: whoever uses the keyboard is not sent to the top.
  useEffect(() => {
    const focused = document.activeElement;
    const lost = focused === null || focused === document.body || focused.matches(':disabled');
    if (running && lost) stop.current?.focus();
    else if (!running && wasRunning.current && lost) run.current?.focus();
    wasRunning.current = running;
  }, [running]);
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
