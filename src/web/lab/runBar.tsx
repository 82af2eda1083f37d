import { useEffect, useRef, useState } from 'preact/hooks';
import { formatCount, formatDuration, formatNumber } from '../../present/formatNumber.ts';
import type { LabSession } from './labSession.ts';
import { parseLearningRate } from './settings.ts';

/** Start, pause, stop, how far the run is, and the learning rate of the running job. */
export function RunBar({ session }: { session: LabSession }) {
  const { state, adapterError } = session;
  const running = state !== 'idle';
  const start = useRef<HTMLButtonElement>(null);
  const pause = useRef<HTMLButtonElement>(null);
  // The control that had the focus may have been disabled by the change: whoever uses the keyboard is not sent to the top.
  useEffect(() => {
    const focused = document.activeElement;
    const lost = focused === null || focused === document.body || focused.matches(':disabled');
    if (running && lost) pause.current?.focus();
    else if (!running && lost && session.recording) start.current?.focus();
  }, [running, session]);
  return (
    <section class="run-bar" aria-label="Run">
      <div class="buttons">
        <button
          ref={start}
          type="submit"
          form="settings"
          class="primary"
          disabled={running || adapterError !== undefined}
        >
          Start
        </button>
        <button
          ref={pause}
          type="button"
          disabled={state !== 'running' && state !== 'paused'}
          onClick={() => void (state === 'paused' ? session.resume() : session.pause())}
        >
          {state === 'paused' ? 'Resume' : 'Pause'}
        </button>
        <button type="button" disabled={!running} onClick={() => void session.stop()}>
          {state === 'stopping' ? 'Stop at once' : 'Stop'}
        </button>
      </div>
      <Progress session={session} />
      <RateControl session={session} />
    </section>
  );
}

function Progress({ session }: { session: LabSession }) {
  const { state, phase, progress, recording } = session;
  const share = progress && progress.total > 0 ? progress.done / progress.total : 0;
  const left =
    progress?.rate && state === 'running' ? (progress.total - progress.done) / progress.rate : undefined;
  return (
    <div class="progress">
      <p class="status" role="status">
        {session.announcement}
      </p>
      <progress
        max={1}
        value={state !== 'idle' && !progress ? undefined : share}
        aria-label="Progress of the run"
      />
      <p class="numbers" data-step={recording?.lastStep ?? 0}>
        {state !== 'idle' && <span>{state === 'running' ? phase : state}</span>}
        {progress && (
          <span>
            {formatCount(progress.done)} of {formatCount(progress.total)} {progress.unit}
          </span>
        )}
        {progress?.rate !== undefined && state === 'running' && (
          <span>
            {formatNumber(progress.rate, 3)} {progress.unit}/s
          </span>
        )}
        {left !== undefined && <span>{formatDuration(left)} left</span>}
      </p>
    </div>
  );
}

/** The rate of the job that runs; a change holds from the next step on, in place of what the job was given. */
function RateControl({ session }: { session: LabSession }) {
  const { state, recording } = session;
  const [rate, setRate] = useState('');
  const [replica, setReplica] = useState('all');
  const [problem, setProblem] = useState<string>();
  const replicas = recording?.replicas ?? [];
  const disabled = state === 'idle' || state === 'stopping';
  return (
    <form
      class="rate"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        try {
          const value = parseLearningRate(rate);
          setProblem(undefined);
          void session.setLearningRate(value, replica === 'all' ? undefined : Number(replica));
        } catch (error) {
          setProblem((error as Error).message);
        }
      }}
    >
      <fieldset disabled={disabled}>
        <legend class="visually-hidden">Learning rate of the running job</legend>
        <label for="live-rate">
          <i>ε</i> while running
        </label>
        <input
          id="live-rate"
          type="text"
          inputMode="decimal"
          autocomplete="off"
          placeholder="e.g. 0.05"
          value={rate}
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined ? undefined : 'live-rate-error'}
          onInput={(event) => setRate(event.currentTarget.value)}
        />
        {replicas.length > 1 && (
          <select
            aria-label="Replica whose rate changes"
            value={replica}
            onInput={(event) => setReplica(event.currentTarget.value)}
          >
            <option value="all">all replicas</option>
            {replicas.map((label, index) => (
              <option key={label} value={String(index)}>
                {label}
              </option>
            ))}
          </select>
        )}
        <button type="submit">Change</button>
      </fieldset>
      {problem !== undefined && (
        <p class="error" id="live-rate-error" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}
