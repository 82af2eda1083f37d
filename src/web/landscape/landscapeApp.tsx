import { useState } from 'preact/hooks';
import { AdapterBanner } from '../adapterBanner.tsx';
import { JobProgress } from '../jobProgress.tsx';
import { SiteHeader } from '../siteHeader.tsx';
import { useDroppedFiles } from '../useDroppedFiles.ts';
import { useSession } from '../useSession.ts';
import { FilesView } from './filesView.tsx';
import { FoundView } from './foundView.tsx';
import { type Described, describeJob, type Field, initialValue, type Kind } from './kinds.ts';
import { LandscapeForm } from './landscapeForm.tsx';
import type { LandscapeSession } from './landscapeSession.ts';

/** The landscape page: files, what is to be found of them, and what was. */
export function LandscapeApp({ session }: { session: LandscapeSession }) {
  useSession(session);
  const [kind, setKind] = useState<Kind>('line');
  const [data, setData] = useState('');
  const [test, setTest] = useState('');
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({});
  const [errors, setErrors] = useState<NonNullable<Described['errors']>>({});
  const { state, weights } = session;
  const running = state !== 'idle';

  const take = async (files: readonly File[]): Promise<void> => {
    await session.take(files);
    const sets = session.given.filter(({ is }) => is === 'data');
    if (data === '' && sets[0]) setData(sets[0].name);
    setErrors({});
  };
  useDroppedFiles((files) => {
    if (!running) void take(files);
  });
  const makeExample = async (): Promise<void> => {
    const example = await session.makeExample();
    if (example === undefined) return;
    setData(example);
    setTest(example);
    setErrors({});
  };
  // Weights not chosen yet are those that come next in the list.
  const fieldsOf = (field: Field): string => {
    const value = typed[`${kind} ${field.key}`];
    if (field.input.is !== 'weights') return value ?? initialValue(field);
    if (value !== undefined && weights.some(({ label }) => label === value)) return value;
    const place = ['from', 'to'].indexOf(field.key);
    const chosen = place >= 0 ? place : field.key.startsWith('through') ? Number(field.key.at(-1)) - 1 : 0;
    return weights[chosen]?.label ?? '';
  };
  const start = (): void => {
    const described = describeJob(kind, { model: session.model, data, test }, fieldsOf, weights);
    setErrors(described.errors ?? {});
    if (described.spec) void session.start(kind, described.spec);
    else document.getElementById(`setting-${Object.keys(described.errors)[0]}`)?.focus();
  };

  return (
    <div class="landscape">
      <SiteHeader current="Landscape" tagline="what lies around and between solutions" session={session} />
      <main>
        <AdapterBanner session={session} />
        <section class="run-bar" aria-label="Run">
          <div class="buttons">
            <button
              type="submit"
              form="settings"
              class="primary"
              disabled={running || session.adapter === undefined}
            >
              Run
            </button>
            <button type="button" disabled={!running} onClick={() => void session.stop()}>
              {state === 'stopping' ? 'Stop at once' : 'Stop'}
            </button>
          </div>
          <JobProgress session={session} />
        </section>
        {session.error !== undefined && (
          <section class="banner problem" role="alert">
            <h2>It ended with an error</h2>
            <p class="message">{session.error}</p>
          </section>
        )}
        <div class="columns">
          <section class="settings" aria-label="Settings">
            <FilesView
              session={session}
              problem={errors.files}
              onFiles={(files) => void take(files)}
              onExample={() => void makeExample()}
            />
            <LandscapeForm
              kind={kind}
              onKind={(kind) => {
                setKind(kind);
                setErrors({});
              }}
              sets={{ data, test }}
              onSet={(which, name) => (which === 'data' ? setData(name) : setTest(name))}
              session={session}
              textOf={fieldsOf}
              onValue={({ key }, value) => setTyped((before) => ({ ...before, [`${kind} ${key}`]: value }))}
              errors={errors}
              onSubmit={start}
            />
          </section>
          <section class="results" aria-label="Result">
            {session.found ? (
              <FoundView found={session.found} />
            ) : (
              <p class="card empty">
                {running
                  ? 'The figure appears when all points are there.'
                  : 'Give a model, its weights and data, or train the example, and run.'}
              </p>
            )}
          </section>
        </div>
      </main>
    </div>
  );
}
