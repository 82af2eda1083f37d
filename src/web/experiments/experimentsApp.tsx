import { useState } from 'preact/hooks';
import type { ExperimentRecord } from '../../experiments/experiment.ts';
import { type PresetName, readPart } from '../../experiments/protocol.ts';
import { AdapterBanner } from '../adapterBanner.tsx';
import { JobProgress } from '../jobProgress.tsx';
import { SiteHeader } from '../siteHeader.tsx';
import { useSession } from '../useSession.ts';
import type { ExperimentSession } from './experimentSession.ts';
import { OutcomeView } from './outcomeView.tsx';
import { PanelView } from './panelView.tsx';

/** The experiment page: the claims there are, one that runs, what it came to. */
export function ExperimentsApp({ session }: { session: ExperimentSession }) {
  useSession(session);
  const { records, run, state } = session;
  const [chosen, setChosen] = useState(() => location.hash.slice(1));
  const record = records?.find(({ id }) => id === chosen) ?? records?.[0];
  return (
    <div class="experiments">
      <SiteHeader current="Experiments" tagline="claims of papers, put to the test" session={session} />
      <main>
        <AdapterBanner session={session} />
        <ul class="claims" aria-label="Experiments">
          {(records ?? []).map(({ id, statement, source, withdrawn }) => (
            <li key={id}>
              <button
                type="button"
                class="claim"
                aria-pressed={id === record?.id}
                disabled={state !== 'idle' && id !== record?.id}
                onClick={() => {
                  history.replaceState(null, '', `#${id}`);
                  setChosen(id);
                }}
              >
                <strong>{id}</strong>
                <span>{statement}</span>
                <span class="source">
                  {source}
                  {withdrawn !== undefined && ' · withdrawn'}
                </span>
              </button>
            </li>
          ))}
        </ul>
        {record && <Setup key={record.id} record={record} session={session} />}
        {session.error !== undefined && (
          <section class="banner problem" role="alert">
            <h2>The experiment ended with an error</h2>
            <p class="message">{session.error}</p>
          </section>
        )}
        {run && run.record.id === record?.id && (
          <>
            {run.result && <OutcomeView result={run.result} />}
            <section aria-labelledby="curves-title">
              <h2 id="curves-title" class="curves-title">
                Curves of the {run.preset} run
              </h2>
              <div class="charts">
                {run.panels.map((panel) => (
                  <PanelView key={panel.title} panel={panel} />
                ))}
              </div>
            </section>
          </>
        )}
      </main>
    </div>
  );
}

/** Preset and protocol of an experiment, and how far its run is. */
function Setup({ record, session }: { record: ExperimentRecord; session: ExperimentSession }) {
  const { state } = session;
  const [preset, setPreset] = useState<PresetName>('quick');
  const [changes, setChanges] = useState<Readonly<Record<string, string>>>({});
  const base = record.presets[preset] ?? record.presets.quick;
  const running = state !== 'idle';
  const start = () => {
    const protocol = Object.fromEntries(
      Object.entries(changes).map(([part, text]) => [part, readPart(text, base[part]!)]),
    );
    void session.start(record, { preset, protocol });
  };
  return (
    <form
      class="setup"
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
    >
      {record.withdrawn !== undefined && (
        <p class="banner warning">
          <strong>Withdrawn:</strong> {record.withdrawn}.
        </p>
      )}
      <section class="run-bar" aria-label="Run">
        <div class="buttons">
          <button type="submit" class="primary" disabled={running || session.adapter === undefined}>
            Run
          </button>
          <button
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
        <JobProgress session={session} />
        <label class="preset">
          Preset{' '}
          <select
            value={preset}
            disabled={running}
            onInput={(event) => {
              setPreset(event.currentTarget.value as PresetName);
              setChanges({});
            }}
          >
            {Object.keys(record.presets).map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </section>
      <details class="settings protocol">
        <summary>Protocol, version {record.version}</summary>
        <fieldset disabled={running}>
          <legend class="visually-hidden">Parts of the protocol</legend>
          {Object.entries(base).map(([part, value]) => (
            <div class="field" key={part}>
              <label for={`part-${part}`}>
                {part}: <span class="hint">{record.parts[part]}</span>
              </label>
              <input
                id={`part-${part}`}
                type="text"
                autocomplete="off"
                value={changes[part] ?? String(value)}
                onInput={(event) => {
                  const text = event.currentTarget.value;
                  setChanges(({ [part]: _, ...others }) =>
                    text === String(value) ? others : { ...others, [part]: text },
                  );
                }}
              />
            </div>
          ))}
        </fieldset>
      </details>
    </form>
  );
}
