import { useState } from 'preact/hooks';
import { formatCount } from '../../present/formatNumber.ts';
import { settingsToParams } from '../lab/labUrl.ts';
import { settingsOf } from '../lab/settingsOf.ts';
import { canExport, EXPORTS, type Export, exportRun } from './exportRun.ts';
import type { RunRecord } from './runRecord.ts';
import type { RunsSession } from './runsSession.ts';

interface CardProps {
  run: RunRecord;
  session: RunsSession;
  /** Whether it goes on in some tab. */
  held: boolean;
  chosen: boolean;
  onChoose(on: boolean): void;
}

/** A kept run: what it is, how far it came, and what can be done with it. */
export function RunCard({ run, session, held, chosen, onChoose }: CardProps) {
  const [name, setName] = useState<string>();
  const [deleting, setDeleting] = useState(false);
  const { id, pinned, parent, snapshot } = run;
  const save = async (what: Export): Promise<void> => {
    try {
      if (session.store) await exportRun(session.store, run, what);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  const [problem, setProblem] = useState<string>();
  const files = (Object.keys(EXPORTS) as Export[]).filter((what) => canExport(what, run));
  return (
    <li class="run" data-run={id} data-status={held ? 'held' : run.status}>
      <label class="choose">
        <input
          type="checkbox"
          checked={chosen}
          onInput={({ currentTarget }) => onChoose(currentTarget.checked)}
        />
        <span class="visually-hidden">Compare {run.name}</span>
      </label>
      <div class="what">
        {name === undefined ? (
          <h3>
            <a href={`./lab.html#run=${id}`}>{run.name}</a>
          </h3>
        ) : (
          <form
            class="rename"
            onSubmit={(event) => {
              event.preventDefault();
              if (name.trim() !== '') void session.rename(id, name.trim());
              setName(undefined);
            }}
          >
            <input
              type="text"
              aria-label="Name of the run"
              value={name}
              autofocus
              onInput={({ currentTarget }) => setName(currentTarget.value)}
            />
            <button type="submit">Save</button>
          </form>
        )}
        {!run.name.startsWith(run.description) && <p class="hint">{run.description}</p>}
        <p class="hint">
          {new Date(run.created).toLocaleString()} · {statusText(run, held)}
          {run.replicas.length > 1 && ` · ${run.replicas.length} replicas`}
          {parent && ` · branched from ${parent.name} after step ${formatCount(parent.step)}`}
        </p>
        {problem !== undefined && (
          <p class="error" role="alert">
            {problem}
          </p>
        )}
      </div>
      <div class="actions">
        <a class="button" href={`./lab.html#run=${id}`}>
          {held || run.status === 'finished' || snapshot === null ? 'Open' : 'Open to resume'}
        </a>
        <a
          class="button"
          href={`./lab.html#${settingsToParams(settingsOf(run.spec))}${run.files.length > 0 ? `&from=${id}` : ''}`}
        >
          Duplicate settings
        </a>
        <button type="button" aria-pressed={pinned} onClick={() => void session.pin(id, !pinned)}>
          {pinned ? 'Pinned' : 'Pin'}
        </button>
        <button type="button" onClick={() => setName(run.name)} disabled={name !== undefined}>
          Rename
        </button>
        <label class="save">
          <span class="visually-hidden">Save a file of {run.name}</span>
          <select
            value=""
            onInput={({ currentTarget }) => {
              void save(currentTarget.value as Export);
              currentTarget.value = '';
            }}
          >
            <option value="">Save …</option>
            {files.map((what) => (
              <option key={what} value={what}>
                {EXPORTS[what]}
              </option>
            ))}
          </select>
        </label>
        {deleting ? (
          <>
            <button type="button" class="danger" onClick={() => void session.delete(run)}>
              Delete for good
            </button>
            <button type="button" onClick={() => setDeleting(false)}>
              Keep
            </button>
          </>
        ) : (
          <button type="button" disabled={held} onClick={() => setDeleting(true)}>
            Delete
          </button>
        )}
      </div>
    </li>
  );
}

function statusText({ status, lastStep, error, snapshot }: RunRecord, held: boolean): string {
  const step = `step ${formatCount(lastStep)}`;
  if (held) return `goes on in a tab, ${step}`;
  const from = snapshot ? `, goes on from step ${formatCount(snapshot.step)}` : '';
  switch (status) {
    case 'running':
      return `interrupted at ${step}${from}`;
    case 'stopped':
      return `stopped at ${step}${from}`;
    case 'failed':
      return `ended with an error at ${step}${from}: ${error ?? 'not known'}`;
    case 'diverged':
      return `diverged, ${step}`;
    case 'imported':
      return `from a file, ${step}`;
    case 'finished':
      return `finished at ${step}`;
  }
}
