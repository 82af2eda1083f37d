import { useEffect, useState } from 'preact/hooks';
import { AdapterBanner } from '../adapterBanner.tsx';
import { type JobForm, useJobForm } from '../fields/useJobForm.ts';
import { ExportHelp } from '../files/exportHelp.tsx';
import { FileRunBar } from '../files/fileRunBar.tsx';
import { FilesView } from '../files/filesView.tsx';
import { FailureView } from '../outcome/failureView.tsx';
import { SiteHeader } from '../siteHeader.tsx';
import { useDroppedFiles } from '../useDroppedFiles.ts';
import { useSession } from '../useSession.ts';
import { describeJobs } from './describeJobs.ts';
import { MeasureForm } from './measureForm.tsx';
import type { MeasureSession } from './measureSession.ts';

/** The measuring page: files, what is to be measured of them, and what was. */
export function MeasureApp({ session }: { session: MeasureSession }) {
  useSession(session);
  const describe = ({ textOf, dataOf }: JobForm) =>
    describeJobs({ model: session.model, data: dataOf('data') }, textOf, session.weights);
  const form = useJobForm(session, (form) => {
    const { specs, errors } = describe(form);
    if (specs) void session.start(specs);
    return errors;
  });
  const running = session.state !== 'idle';
  useDroppedFiles((files) => {
    if (!running) form.take(files);
  });
  return (
    <div class="measure file-page">
      <SiteHeader
        current="Measure"
        tagline="noise, curvature and sharpness of a checkpoint of yours"
        session={session}
      />
      <main>
        <AdapterBanner session={session} />
        <FileRunBar session={session} />
        <FailureView error={session.error} />
        <div class={session.found ? 'columns found' : 'columns'}>
          <section class="settings" aria-label="Settings">
            <FilesView session={session} form={form} />
            <MeasureForm form={form} session={session} specs={describe(form).specs} />
          </section>
          <section class="results" aria-label="Result">
            <FoundLater session={session} />
            {!session.found && <ExportHelp />}
          </section>
        </div>
      </main>
    </div>
  );
}

/** What shows a measurement; loaded with the first one. */
type Showing = typeof import('./foundView.tsx');

function FoundLater({ session: { found, notes, state } }: { session: MeasureSession }) {
  const [showing, setShowing] = useState<Showing>();
  const needed = state !== 'idle' || found !== undefined;
  useEffect(() => {
    if (needed) void import('./foundView.tsx').then(setShowing);
  }, [needed]);
  if (found && showing) return <showing.FoundView found={found} notes={notes} />;
  return (
    <p class="card empty">
      {needed
        ? 'The numbers appear when all of them are there.'
        : 'Give a model, its weights and data, or try the example.'}
    </p>
  );
}
