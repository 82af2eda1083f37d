import { useEffect, useRef } from 'preact/hooks';
import { AdapterBanner } from '../adapterBanner.tsx';
import { SiteHeader } from '../siteHeader.tsx';
import { useUrlState } from '../urlState.ts';
import { useSession } from '../useSession.ts';
import { ClaimList } from './claimList.tsx';
import { ClaimPage } from './claimPage.tsx';
import type { ExperimentSession } from './experimentSession.ts';
import { runAddress, runKey, wantedRun } from './wantedRun.ts';

/** The page of experiments: the claims there are, or the one that the address names. */
export function ExperimentsApp({ session }: { session: ExperimentSession }) {
  useSession(session);
  const { place, values } = useUrlState();
  const { records, run, state } = session;
  const record = records?.find(({ id }) => id === place);
  const isShown = run !== undefined && record !== undefined && runKey(wantedRun(record, values)) === run.key;
  // From a claim back to the list, the way goes on where it left it.
  const last = useRef<string | undefined>(undefined);
  const arrives = last.current !== undefined && last.current !== place;
  useEffect(() => {
    if (place === '' && last.current) {
      const link = document.querySelector<HTMLElement>(`.claim a[href="#${CSS.escape(last.current)}"]`);
      link?.focus({ preventScroll: true });
      link?.scrollIntoView({ block: 'center' });
    }
    last.current = place;
  }, [place]);
  return (
    <div class="experiments">
      <SiteHeader current="Experiments" tagline="claims of papers, put to the test" session={session} />
      <main>
        <AdapterBanner session={session} />
        {state !== 'idle' && run && !isShown && (
          <p class="banner">
            <a href={runAddress(run.wanted)}>{run.wanted.record.id}</a> is running: {session.phase}
          </p>
        )}
        {!records && <p class="loading">Loading the claims …</p>}
        {records && !record && place !== '' && (
          <p class="banner problem" role="alert">
            No claim is called “{place}”; these are the claims there are.
          </p>
        )}
        {record && <ClaimPage key={record.id} record={record} session={session} arrives={arrives} />}
        {records && !record && <ClaimList records={records} />}
      </main>
    </div>
  );
}
