import { useEffect, useRef } from 'preact/hooks';
import type { LadderName } from '../../bench/kernelsReport.ts';
import { AdapterBanner } from '../adapterBanner.tsx';
import { SiteHeader } from '../siteHeader.tsx';
import { Tabs } from '../tabs.tsx';
import { useUrlState } from '../urlState.ts';
import { useDroppedFiles } from '../useDroppedFiles.ts';
import { useSession } from '../useSession.ts';
import type { BenchSession } from './benchSession.ts';
import { benchState, changeBenchState, comparedBy, TABS, type TabId } from './benchState.ts';
import { builtinRuns, nearestRun } from './builtinRuns.ts';
import { CeilingsStrip } from './ceilingsStrip.tsx';
import { CompareView } from './compareView.tsx';
import { EditorView } from './editor/editorView.tsx';
import type { KeptKernels } from './editor/keptKernels.ts';
import { packText } from './editor/sharedText.ts';
import { FamilyFilter } from './familyFilter.tsx';
import { Fold } from './fold.tsx';
import { HeatMapView } from './heatMapView.tsx';
import { KernelsView } from './kernelsView.tsx';
import { laddersOf } from './laddersOf.ts';
import { LadderView } from './ladderView.tsx';
import { LibrariesView } from './libraries/librariesView.tsx';
import { Problems } from './problems.tsx';
import { RunControls } from './runControls.tsx';
import { keyOf, type RunLibrary } from './runLibrary.ts';
import type { RunView } from './runView.ts';
import { ShownBar } from './shownBar.tsx';

const LIVE = 'live';

interface BenchProps {
  session: BenchSession;
  library: RunLibrary;
  kept: KeptKernels;
}

/** The bench page: what this adapter can do at most, how close each kernel comes, and kernels to be written. */
export function BenchApp({ session, library, kept }: BenchProps) {
  useSession(session);
  useSession(library);
  useSession(kept);
  const state = benchState(useUrlState());
  const { live, edits, refusedEdits } = session;
  const { tab, quick, families } = state;
  const busy = session.state !== 'idle';

  const listed = [{ key: LIVE, label: live?.name ?? 'this page’s run: none yet' }, ...library.listed];
  const looking = !session.adapter && session.adapterError === undefined;
  // Until the page has a run of its own it shows one that came with it.
  const nearest = looking ? undefined : nearestRun(session.adapter);
  const wanted = listed.find(({ key }) => key === state.run)?.key;
  const shown = wanted ?? (live || !nearest ? LIVE : keyOf(nearest));
  const find = (key: string): RunView | undefined => (key === LIVE ? live : library.get(key));
  const run = find(shown);
  const comparable = live?.report ? listed : library.listed;
  const [a, b] = comparedBy(
    state,
    comparable.map(({ key }) => key),
  );
  const known = session.catalogue?.families ?? [];
  const all = [...new Set([...known, ...(run?.rows ?? []).map(({ family }) => family)])];
  const rows = (run?.rows ?? []).filter(({ family }) => families.size === 0 || families.has(family));

  const showLive = () => changeBenchState({ run: undefined });
  const start = () => {
    showLive();
    void session.start({ quick, ...(families.size > 0 ? { families: [...families] } : {}) });
  };
  const open = async (files: readonly File[]) => {
    const [first, second] = await library.open(files);
    if (first === undefined) return;
    if (second !== undefined) changeBenchState({ tab: 'compare', a: first, b: second });
    else if (tab === 'compare') changeBenchState({ b: first });
    else changeBenchState({ run: first });
  };
  const runTiles = () => {
    showLive();
    void session.runTiles(quick);
  };
  const runLadder = (ladder: LadderName, rung?: number) => {
    showLive();
    // Ids go on with the shape, so that "1 " is not the beginning of 10.
    const id = rung === undefined ? `${ladder} ladder ` : `${ladder} ladder ${rung} `;
    void session.runRows([id], quick);
  };
  const edit = (row: string, kernel: string) =>
    changeBenchState({ tab: 'editor', edit: row, kernel, gridX: '', gridY: '', text: undefined });

  // On a small screen the views' names are wider than it.
  useEffect(() => {
    document.getElementById(`tab-${tab}`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [tab]);

  // The listener is set once; what it does depends on the view.
  const onFiles = useRef(open);
  onFiles.current = open;
  useDroppedFiles((files) => void onFiles.current(files));

  const ofRun = tab === 'kernels' || tab === 'ladders' || tab === 'tiles';
  return (
    <div class="bench">
      <SiteHeader
        current="Bench"
        tagline="every kernel against this adapter’s own ceilings"
        session={session}
      />
      <main>
        <AdapterBanner session={session} />
        {tab !== 'editor' && (
          <RunControls
            session={session}
            quick={quick}
            onQuick={(quick) => changeBenchState({ quick })}
            onRun={start}
          />
        )}
        {session.error !== undefined && (
          <Problems title="The run ended with an error" messages={[session.error]} />
        )}
        {library.problems.length > 0 && <Problems title="Not opened" messages={library.problems} />}
        <Tabs
          label="Views"
          tabs={TABS}
          chosen={tab}
          onChoose={(id) => changeBenchState({ tab: id as TabId })}
          tools={
            (ofRun || tab === 'compare') && (
              <ShownBar
                runs={ofRun ? listed : undefined}
                shown={shown}
                report={run?.report}
                onShow={(run) => changeBenchState({ run })}
                onOpen={(files) => void open(files)}
              />
            )
          }
        >
          {ofRun && <CeilingsStrip run={run} />}
          {tab === 'kernels' && (
            <>
              <Fold summary={`Families: ${families.size > 0 ? [...families].join(', ') : 'all'}`}>
                <FamilyFilter
                  families={all}
                  chosen={families}
                  onChoose={(families) => changeBenchState({ families })}
                />
              </Fold>
              <KernelsView
                run={run}
                loading={run === undefined && (looking || shown !== LIVE)}
                rows={rows}
                selected={state.row}
                onSelect={(row) => changeBenchState({ row })}
                onAgain={shown === LIVE && !busy ? (id) => void session.runRows([id]) : undefined}
                onEdit={edit}
                edits={edits}
                refused={refusedEdits}
                builtin={builtinRuns.length > 0}
              />
            </>
          )}
          {tab === 'ladders' && (
            <LadderView
              run={run}
              ladders={laddersOf(run, session)}
              kept={kept}
              state={state}
              onState={changeBenchState}
              busy={busy}
              edits={edits}
              refused={refusedEdits}
              onRun={session.adapter ? runLadder : undefined}
              onEdit={edit}
              onOpenKept={({ row, kernel, text, grid: [gridX, gridY] }) =>
                changeBenchState({ tab: 'editor', edit: row, kernel, gridX, gridY, text: packText(text) })
              }
            />
          )}
          {tab === 'editor' && (
            <EditorView session={session} kept={kept} state={state} onState={changeBenchState} />
          )}
          {tab === 'tiles' && (
            <HeatMapView run={run} busy={busy} onRun={session.adapter ? runTiles : undefined} />
          )}
          {tab === 'libraries' && (
            <LibrariesView chosen={state.results} onChoose={(results) => changeBenchState({ results })} />
          )}
          {tab === 'compare' && (
            <CompareView runs={comparable} find={find} a={a} b={b} onPick={changeBenchState} />
          )}
        </Tabs>
      </main>
    </div>
  );
}
