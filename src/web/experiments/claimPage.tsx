import { useEffect, useRef } from 'preact/hooks';
import { type ExperimentRecord, PAPERS } from '../../experiments/experiment.ts';
import { CommandView } from '../outcome/commandView.tsx';
import { FailureView } from '../outcome/failureView.tsx';
import { useUrlState } from '../urlState.ts';
import { ClaimOutcome } from './claimOutcome.tsx';
import { ClaimRunBar } from './claimRunBar.tsx';
import { costText } from './costText.ts';
import { VerdictBadge } from './effectStripView.tsx';
import { experimentCommands } from './experimentCommand.ts';
import type { ExperimentSession } from './experimentSession.ts';
import { NeighbouringClaims, SharingClaims } from './otherClaims.tsx';
import { PanelView } from './panelView.tsx';
import { ProtocolForm } from './protocolForm.tsx';
import { HistoryView, RecordView } from './recordView.tsx';
import { judged } from './resultView.tsx';
import { useBundledClaim } from './useBundledClaim.ts';
import { changedParts, presetOf, runKey, wantedRun } from './wantedRun.ts';

/** Milliseconds after the last change of a protocol until it is looked at. */
const SETTLED = 200;

interface ClaimPageProps {
  readonly session: ExperimentSession;
  readonly record: ExperimentRecord;
  /** Whether a link of this page led here: then it begins at its title, as a page that is loaded does. */
  readonly arrives: boolean;
}

/** A claim: what it says, what a run of it takes, the run, what it came to here and in the run that came with the page. */
export function ClaimPage({ session, record, arrives }: ClaimPageProps) {
  const { values } = useUrlState();
  const title = useRef<HTMLHeadingElement>(null);
  const bundled = useBundledClaim(record.id);
  const wanted = wantedRun(record, values);
  const key = runKey(wanted);
  const look = session.look?.key === key ? session.look : undefined;
  const run = session.run?.key === key ? session.run : undefined;
  const running = run !== undefined && session.state !== 'idle';
  const { adapter, kept } = session;

  useEffect(() => {
    const before = document.title;
    document.title = `Basin: ${record.id}`;
    if (arrives) {
      title.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    return () => {
      document.title = before;
    };
  }, []);
  useEffect(() => {
    const timer = setTimeout(() => void session.lookAt(wanted), SETTLED);
    return () => clearTimeout(timer);
  }, [key, adapter, kept]);
  const isToCome = look?.plan !== undefined && look.plan.kept < look.plan.cells.length;
  useEffect(() => {
    if (isToCome) void session.measureSpeed();
  }, [isToCome, adapter, session.state]);

  const own = judged(run?.result) ?? (running ? null : judged(look?.plan?.result));
  const soFar = own ? undefined : (run?.soFar ?? look?.plan?.soFar ?? undefined);
  const published = bundled ? judged(bundled.result) : null;
  return (
    <article class="claim-page" aria-labelledby="claim-title">
      <p class="way-back">
        <a href="./experiments.html#">All claims</a> {record.record && `› ${PAPERS[record.record.paper]}`} ›{' '}
        {record.id}
      </p>
      <h2 id="claim-title" ref={title} tabIndex={-1}>
        {record.statement}
      </h2>
      <p class="source">
        {record.source}
        {published && (
          <>
            {' · '}
            <VerdictBadge verdict={published.outcome.verdict} /> by the {published.preset} run that came with
            this page
          </>
        )}
      </p>
      {record.withdrawn !== undefined && (
        <p class="banner warning">
          <strong>Withdrawn:</strong> {record.withdrawn}.
        </p>
      )}
      <RecordView record={record} />
      <section class="card setup" aria-labelledby="setup-title">
        <h3 id="setup-title">Protocol, and what it costs here</h3>
        <ProtocolForm wanted={wanted} disabled={running} />
        {look?.problem !== undefined ? (
          <p class="error" role="alert">
            {look.problem}
          </p>
        ) : (
          <p class="cost">{look?.plan ? costText(look.plan, session.speed) : 'Looking at what it takes …'}</p>
        )}
        <SharingClaims record={record} records={session.records ?? []} />
        {session.keepingProblem !== undefined && <p class="hint">{session.keepingProblem}</p>}
        {(look?.problem !== undefined || (look?.plan?.kept ?? 0) > 0) && (
          <p class="forget">
            <button
              type="button"
              disabled={session.state !== 'idle'}
              onClick={() => void session.forget(record)}
            >
              Forget the kept cells
            </button>{' '}
            <span class="hint">
              of this claim, and those that others share with it: the next run measures all anew
            </span>
          </p>
        )}
      </section>
      <ClaimRunBar session={session} wanted={wanted} />
      {run && <FailureView error={session.error} />}
      <ClaimOutcome record={record} own={own} soFar={soFar} bundled={bundled} chosen={values.result} />
      {run && run.panels.length > 0 && (
        <section class="curves" aria-labelledby="curves-title">
          <h3 id="curves-title">Curves of this run</h3>
          <div class="charts">
            {run.panels.map((panel) => (
              <PanelView key={panel.title} panel={panel} />
            ))}
          </div>
        </section>
      )}
      {published?.outcome.verdict !== 'reproduced' && <HistoryView record={record} />}
      <section class="card again" aria-label="Again">
        <CommandView
          commands={experimentCommands(record, wanted.preset, {
            ...presetOf(record, wanted.preset),
            ...changedParts(wanted),
          })}
        />
      </section>
      <NeighbouringClaims record={record} records={session.records ?? []} />
    </article>
  );
}
