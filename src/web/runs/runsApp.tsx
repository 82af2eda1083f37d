import { useState } from 'preact/hooks';
import { SiteHeader } from '../siteHeader.tsx';
import { changeUrlState, useUrlState } from '../urlState.ts';
import { useDroppedFiles } from '../useDroppedFiles.ts';
import { useSession } from '../useSession.ts';
import { CompareView } from './compareView.tsx';
import { canExport } from './exportRun.ts';
import { RunCard } from './runCard.tsx';
import type { RunsSession } from './runsSession.ts';

/** Runs that are compared at once. */
const MOST_COMPARED = 6;

/** The page: the runs that this browser keeps, and some of them compared. */
export function RunsApp({ session }: { session: RunsSession }) {
  useSession(session);
  const { values } = useUrlState();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  useDroppedFiles((files) => void session.take(files));
  const { runs, held, room, problem, store } = session;
  const asked = (values.compare ?? '').split(',');
  const compared = asked.flatMap((id) => runs?.find((run) => run.id === id) ?? []);
  const choose = (id: string, on: boolean): void => {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    setChosen(next);
  };
  const there = runs?.filter(({ id }) => chosen.has(id)) ?? [];
  const withWeights = there.filter((run) => canExport('tensors', run));
  const onPage = (page: string) =>
    location.assign(`./${page}.html#runs=${withWeights.map(({ id }) => id).join(',')}`);

  return (
    <div class="runs">
      <SiteHeader current="Runs" tagline="kept in this browser, and nowhere else" />
      <main>
        <section class="run-bar" aria-label="Runs">
          <div class="buttons">
            <a class="button primary" href="./lab.html">
              New run
            </a>
            <button
              type="button"
              disabled={there.length < 2 || there.length > MOST_COMPARED}
              onClick={() =>
                changeUrlState({ values: { compare: there.map(({ id }) => id).join(',') } }, 'push')
              }
            >
              Compare {there.length > 0 ? there.length : ''}
            </button>
            <button
              type="button"
              disabled={withWeights.length === 0}
              title="Losses around and between the final weights of chosen runs"
              onClick={() => onPage('landscape')}
            >
              Landscape
            </button>
            <button
              type="button"
              disabled={withWeights.length !== 1}
              title="Noise, curvature and sharpness at the final weights of a chosen run"
              onClick={() => onPage('measure')}
            >
              Measure
            </button>
          </div>
          <p class="status" role="status">
            {session.announcement}
          </p>
          <div class="field">
            <label for="import-runs">Import: recording.json, result.json, run.snapshot</label>
            <input
              id="import-runs"
              type="file"
              multiple
              onChange={({ currentTarget }) => {
                void session.take([...(currentTarget.files ?? [])]);
                currentTarget.value = '';
              }}
            />
          </div>
        </section>
        {problem !== undefined && (
          <section class="banner problem" role="alert">
            <p class="message">{problem}</p>
          </section>
        )}
        {store && compared.length > 1 && <CompareView store={store} runs={compared} />}
        <section aria-labelledby="runs-title">
          <div class="tools">
            <h2 id="runs-title">
              {runs === undefined ? 'Reading …' : `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`}
            </h2>
            {room && <p class="hint room">{roomText(room)}</p>}
          </div>
          {runs?.length === 0 && (
            <p class="card empty">
              There is none yet: what you train in the <a href="./lab.html">Lab</a> is kept here, each second
              while it goes on.
            </p>
          )}
          <ul class="run-list" aria-label="Runs">
            {runs?.map((run) => (
              <RunCard
                key={run.id}
                run={run}
                session={session}
                held={held.has(run.id)}
                chosen={chosen.has(run.id)}
                onChoose={(on) => choose(run.id, on)}
              />
            ))}
          </ul>
        </section>
      </main>
    </div>
  );
}

function roomText({ used, quota }: { readonly used: number; readonly quota: number }): string {
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6).toLocaleString('en-US')} MB`;
  return `${megabytes(used)} of the ${megabytes(quota)} that the browser gives this site`;
}
