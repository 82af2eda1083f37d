import { useRef } from 'preact/hooks';
import { AdapterBanner } from '../adapterBanner.tsx';
import { useJobForm } from '../fields/useJobForm.ts';
import { FileRunBar } from '../files/fileRunBar.tsx';
import { FilesView } from '../files/filesView.tsx';
import { FailureView } from '../outcome/failureView.tsx';
import { SiteHeader } from '../siteHeader.tsx';
import { changeUrlState, readUrlState } from '../urlState.ts';
import { useDroppedFiles } from '../useDroppedFiles.ts';
import { useSession } from '../useSession.ts';
import { FoundView } from './foundView.tsx';
import { describeJob, FIELDS, KINDS, type Kind, MARKS } from './kinds.ts';
import { LandscapeForm } from './landscapeForm.tsx';
import type { LandscapeSession } from './landscapeSession.ts';

/** The landscape page: files, what is to be found of them, and what was. */
export function LandscapeApp({ session }: { session: LandscapeSession }) {
  useSession(session);
  const form = useJobForm(
    session,
    ({ textOf, dataOf }) => {
      const files = { model: session.model, data: dataOf('data'), test: dataOf('test') };
      const described = describeJob(kindNow(session), files, textOf, session.weights);
      if (described.spec) void session.start(described.spec, described.trajectories);
      return described.errors;
    },
    { mark: MARKS[2] },
  );
  const kind = kindNow(session);
  const others = useRef<Partial<Record<Kind, Readonly<Record<string, string>>>>>({});
  const running = session.state !== 'idle';
  useDroppedFiles((files) => {
    if (!running) form.take(files);
  });
  return (
    <div class="landscape file-page">
      <SiteHeader current="Landscape" tagline="what lies around and between solutions" session={session} />
      <main>
        <AdapterBanner session={session} />
        <FileRunBar session={session} />
        <FailureView error={session.error} />
        <div class={session.found ? 'columns found' : 'columns'}>
          <section class="settings" aria-label="Settings">
            <FilesView session={session} form={form} />
            <LandscapeForm
              kind={kind}
              onKind={(next) => {
                others.current[kind] = ownValues(kind);
                const none = Object.fromEntries(FIELDS[kind].map(({ key }) => [key, undefined]));
                changeUrlState({ place: next, values: { ...none, ...others.current[next] } });
              }}
              form={form}
              session={session}
            />
          </section>
          <section class="results" aria-label="Result">
            {session.found ? (
              <FoundView session={session} found={session.found} />
            ) : (
              <p class="card empty">
                {running
                  ? 'The figure appears when all points are there.'
                  : 'Give a model, its weights and data, or try the example.'}
              </p>
            )}
          </section>
        </div>
      </main>
    </div>
  );
}

/** The kind that the address names; else what the weights that there are can be had for. */
function kindNow({ weights }: LandscapeSession): Kind {
  const { place } = readUrlState();
  const named = KINDS.find((kind) => kind === place);
  return named ?? (weights.length === 1 ? 'rays' : weights.length === 2 ? 'line' : 'plane');
}

/** What the address says of a kind's fields. */
function ownValues(kind: Kind): Readonly<Record<string, string>> {
  const { values } = readUrlState();
  return Object.fromEntries(
    FIELDS[kind].flatMap(({ key }) => (values[key] === undefined ? [] : [[key, values[key]]])),
  );
}
