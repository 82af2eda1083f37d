import { useEffect, useState } from 'preact/hooks';
import { kernelsCsv } from '../../bench/kernelsCsv.ts';
import type { KernelsReport, LadderName } from '../../bench/kernelsReport.ts';
import { AdapterBanner } from '../adapterBanner.tsx';
import { download } from '../download.ts';
import { SiteHeader } from '../siteHeader.tsx';
import { Tabs } from '../tabs.tsx';
import { useDroppedFiles } from '../useDroppedFiles.ts';
import { useSession } from '../useSession.ts';
import type { BenchSession } from './benchSession.ts';
import { builtinRuns } from './builtinRuns.ts';
import { CeilingsStrip } from './ceilingsStrip.tsx';
import { CompareView } from './compareView.tsx';
import { FamilyFilter } from './familyFilter.tsx';
import { HeatMapView } from './heatMapView.tsx';
import { KernelsView } from './kernelsView.tsx';
import { LadderView } from './ladderView.tsx';
import { RunControls } from './runControls.tsx';
import type { RunLibrary } from './runLibrary.ts';
import { OpenFiles, RunPicker } from './runPicker.tsx';
import type { RunView } from './runView.ts';

const LIVE = 'live';
const TABS = [
  { id: 'kernels', label: 'Kernels' },
  { id: 'ladders', label: 'Ladders' },
  { id: 'tiles', label: 'Tile sizes' },
  { id: 'compare', label: 'Compare' },
];

/** The bench page: what this adapter can do at most, and how close each kernel comes. */
export function BenchApp({ session, library }: { session: BenchSession; library: RunLibrary }) {
  useSession(session);
  useSession(library);
  const [tab, setTab] = useTab();
  const [quick, setQuick] = useState(false);
  const [families, setFamilies] = useState<ReadonlySet<string>>(new Set());
  const [shown, setShown] = useState(LIVE);
  const [selected, setSelected] = useState<string>();
  const [compared, setCompared] = useState({ a: '', b: '' });
  const { live, state, edits, refusedEdits } = session;

  const find = (key: string): RunView | undefined => (key === LIVE ? live : library.get(key));
  const run = find(shown);
  const listed = [{ key: LIVE, label: live?.name ?? 'this page’s run: none yet' }, ...library.listed];
  const comparable = live?.report ? listed : library.listed;
  const known = session.catalogue?.families ?? [];
  const all = [...new Set([...known, ...(run?.rows ?? []).map(({ family }) => family)])];
  const rows = (run?.rows ?? []).filter(({ family }) => families.size === 0 || families.has(family));

  const start = () => {
    setShown(LIVE);
    void session.start({ quick, ...(families.size > 0 ? { families: [...families] } : {}) });
  };
  const open = async (files: readonly File[]) => {
    const keys = await library.open(files);
    const [first, second] = keys;
    if (first === undefined) return;
    if (second !== undefined) setCompared({ a: first, b: second });
    else setCompared(({ a, b }) => (a === '' ? { a: first, b } : { a, b: first }));
    if (second !== undefined) setTab('compare');
    else if (tab !== 'compare') setShown(first);
  };
  const runTiles = () => {
    setShown(LIVE);
    void session.runTiles(quick);
  };
  const runLadder = (ladder: LadderName, rung?: number) => {
    setShown(LIVE);
    // Ids go on with the shape, so that "1 " is not the beginning of 10.
    const id = rung === undefined ? `${ladder} ladder ` : `${ladder} ladder ${rung} `;
    void session.runRows([id], quick);
  };

  useDroppedFiles((files) => void open(files));

  return (
    <div class="bench">
      <SiteHeader
        current="Bench"
        tagline="every kernel against this adapter’s own ceilings"
        session={session}
      />
      <main>
        <AdapterBanner session={session} />
        <RunControls session={session} quick={quick} onQuick={setQuick} onRun={start} />
        {session.error !== undefined && (
          <section class="banner problem" role="alert">
            <h2>The run ended with an error</h2>
            <p class="message">{session.error}</p>
          </section>
        )}
        {library.problems.length > 0 && (
          <section class="banner problem" role="alert">
            <h2>Not opened</h2>
            {library.problems.map((problem) => (
              <p key={problem} class="message">
                {problem}
              </p>
            ))}
          </section>
        )}
        <Tabs
          label="Views"
          tabs={TABS}
          chosen={tab}
          onChoose={setTab}
          tools={
            <div class="shown-bar">
              <RunPicker label="Shown" runs={listed} value={shown} onPick={setShown} />
              <div class="exports">
                <OpenFiles onOpen={(files) => void open(files)} />
                <Exports report={run?.report} />
              </div>
            </div>
          }
        >
          {tab !== 'compare' && <CeilingsStrip run={run} />}
          {tab === 'kernels' && (
            <>
              <FamilyFilter families={all} chosen={families} onChoose={setFamilies} />
              <KernelsView
                run={run}
                rows={rows}
                selected={selected}
                onSelect={setSelected}
                onAgain={shown === LIVE && state === 'idle' ? (id) => void session.runRows([id]) : undefined}
                edits={edits}
                refused={refusedEdits}
                builtin={builtinRuns.length > 0}
              />
            </>
          )}
          {tab === 'ladders' && (
            <LadderView
              run={run}
              ladders={run?.report?.ladders ?? session.catalogue?.ladders ?? []}
              busy={state !== 'idle'}
              edits={edits}
              refused={refusedEdits}
              onRun={session.adapter ? runLadder : undefined}
            />
          )}
          {tab === 'tiles' && (
            <HeatMapView run={run} busy={state !== 'idle'} onRun={session.adapter ? runTiles : undefined} />
          )}
          {tab === 'compare' && (
            <CompareView
              runs={comparable}
              find={find}
              a={compared.a}
              b={compared.b}
              onPick={(which, key) => setCompared((before) => ({ ...before, [which]: key }))}
            />
          )}
        </Tabs>
      </main>
    </div>
  );
}

function Exports({ report }: { report: KernelsReport | undefined }) {
  const name = report
    ? `kernels-${report.adapter.architecture || report.adapter.vendor || 'adapter'}-${report.date.slice(0, 19).replace(/[:T]/g, '-')}`
    : '';
  return (
    <>
      <button
        type="button"
        disabled={!report}
        onClick={() => download(`${name}.json`, 'application/json', JSON.stringify(report, null, 1))}
      >
        Save JSON
      </button>
      <button
        type="button"
        disabled={!report}
        onClick={() => report && download(`${name}.csv`, 'text/csv', kernelsCsv(report))}
      >
        Save CSV
      </button>
    </>
  );
}

/** The view is part of the address, so that one can be linked to. */
function useTab(): [string, (id: string) => void] {
  const read = () => {
    const id = location.hash.slice(1);
    return TABS.some((tab) => tab.id === id) ? id : TABS[0]!.id;
  };
  const [tab, setTab] = useState(read);
  useEffect(() => {
    const follow = () => setTab(read());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return [
    tab,
    (id) => {
      history.replaceState(null, '', `#${id}`);
      setTab(id);
    },
  ];
}
