import { useEffect, useRef, useState } from 'preact/hooks';
import { formatCount, formatDuration, formatNumber } from '../../present/formatNumber.ts';
import type { LabSession } from './labSession.ts';
import { parseBatchSize, parseLearningRate } from './parseSettings.ts';

/** Start, pause, go on, stop, how far the run is, and what is set of it while it goes on. */
export function RunBar({ session, onBranch }: { session: LabSession; onBranch(): void }) {
  const { state, adapterError, canGoOn, record } = session;
  const running = state !== 'idle';
  const start = useRef<HTMLButtonElement>(null);
  const pause = useRef<HTMLButtonElement>(null);
  const began = useRef(false);
  // The control that had the focus may have been disabled by the change: whoever uses the keyboard is not sent to the top.
  useEffect(() => {
    began.current ||= running;
    const focused = document.activeElement;
    const lost = focused === null || focused === document.body || focused.matches(':disabled');
    if (running && lost) pause.current?.focus();
    else if (!running && lost && began.current) start.current?.focus();
  }, [running]);
  const resumes = state === 'paused' || canGoOn;
  const branchStep = record?.status === 'finished' ? undefined : record?.snapshot?.step;
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
          disabled={!(state === 'running' || resumes) || (canGoOn && adapterError !== undefined)}
          onClick={() =>
            void (canGoOn ? session.goOn() : state === 'paused' ? session.resume() : session.pause())
          }
        >
          {resumes ? 'Resume' : 'Pause'}
        </button>
        <button type="button" disabled={!running} onClick={() => void session.stop()}>
          {state === 'stopping' ? 'Stop at once' : 'Stop'}
        </button>
        <button
          type="button"
          title="A run of its own that goes on from the last snapshot, with another ε or B"
          aria-label={branchStep === undefined ? undefined : `Branch from step ${branchStep}`}
          disabled={branchStep === undefined}
          onClick={onBranch}
        >
          Branch
        </button>
      </div>
      <Progress session={session} />
      <Changes session={session} />
    </section>
  );
}

function Progress({ session }: { session: LabSession }) {
  const { state, phase, progress, recording, record } = session;
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
        {state !== 'idle' && record?.snapshot && (
          <span>kept to step {formatCount(record.snapshot.step)}</span>
        )}
      </p>
    </div>
  );
}

/** ε and B of the run: a change holds from the next step on, in place of what the run was given. */
function Changes({ session }: { session: LabSession }) {
  const { state, recording, canGoOn, pending } = session;
  const replicas = recording?.replicas ?? [];
  const disabled = state === 'stopping' || (state === 'idle' && !canGoOn);
  const [replica, setReplica] = useState('all');
  return (
    <div class="changes">
      <Change
        id="live-rate"
        label={
          <>
            <i>ε</i> while running
          </>
        }
        example="e.g. 0.05"
        disabled={disabled}
        parse={parseLearningRate}
        onChange={(learningRate) =>
          session.change({ learningRate, replica: replica === 'all' ? undefined : Number(replica) })
        }
      >
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
      </Change>
      <Change
        id="live-batch"
        label={
          <>
            <i>B</i> while running
          </>
        }
        example="e.g. 128"
        disabled={disabled}
        parse={parseBatchSize}
        onChange={(batchSize) => session.change({ batchSize })}
      />
      {pending.length > 0 && (
        <p class="hint">
          Once it goes on:{' '}
          {pending
            .map((change) =>
              'batchSize' in change
                ? `B = ${change.batchSize}`
                : `ε = ${change.learningRate}${change.replica === undefined ? '' : ` (${replicas[change.replica]})`}`,
            )
            .join(', ')}
        </p>
      )}
    </div>
  );
}

interface ChangeProps {
  id: string;
  label: preact.ComponentChildren;
  example: string;
  disabled: boolean;
  parse(text: string): number;
  onChange(value: number): unknown;
  children?: preact.ComponentChildren;
}

function Change({ id, label, example, disabled, parse, onChange, children }: ChangeProps) {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();
  return (
    <form
      class="rate"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        try {
          const value = parse(text);
          setProblem(undefined);
          void onChange(value);
        } catch (error) {
          setProblem((error as Error).message);
        }
      }}
    >
      <fieldset disabled={disabled}>
        <label for={id}>{label}</label>
        <input
          id={id}
          type="text"
          inputMode="decimal"
          autocomplete="off"
          placeholder={example}
          value={text}
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined ? undefined : `${id}-error`}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        {children}
        <button type="submit" aria-label={id === 'live-rate' ? 'Change' : 'Change B'}>
          Change
        </button>
      </fieldset>
      {problem !== undefined && (
        <p class="error" id={`${id}-error`} role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}
