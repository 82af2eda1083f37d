import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ContourPanel, Figure, Panel } from '../../experiments/figure.ts';
import { landscapeFigure } from '../../present/figures/landscapeFigure.ts';
import { commandLine } from '../commandLine.ts';
import { DataTable } from '../dataTable.tsx';
import { CommandView } from '../outcome/commandView.tsx';
import { NotesView } from '../outcome/notesView.tsx';
import { SaveJson, SaveSvg, SaveTensors } from '../outcome/saveButtons.tsx';
import { WarningsView } from '../outcome/warningsView.tsx';
import { changeUrlState, useUrlState } from '../urlState.ts';
import { CurvesView } from './curvesView.tsx';
import { tableOf } from './found.ts';
import { KIND_NAMES } from './kinds.ts';
import type { Found, LandscapeSession } from './landscapeSession.ts';
import { PlaneView } from './planeView.tsx';
import type { Slice } from './slice.ts';
import { readSlice, sliceText, viewOf } from './viewState.ts';

/** From the last move of a slice to when the address has it, in ms. */
const REST = 150;

/** What a job found: figure, numbers, files, and the command that does it again. */
export function FoundView({ session, found }: { session: LandscapeSession; found: Found }) {
  const { values } = useUrlState();
  const { spec, result, tensors, trajectories } = found;
  const { kind } = result;
  const { beside } = viewOf(values);
  const figure = useMemo(
    () => landscapeFigure(result, { beside, trajectories }),
    [result, beside, trajectories],
  );
  const [dragged, setDragged] = useState<Slice>();
  const slice = result.kind === 'plane' ? (dragged ?? readSlice(values, result)) : undefined;
  // Browsers take an address that changes with every move of the hand for an attack.
  useEffect(() => {
    if (!dragged) return;
    const rest = setTimeout(() => {
      changeUrlState({ values: { slice: sliceText(dragged) } });
      setDragged(undefined);
    }, REST);
    return () => clearTimeout(rest);
  }, [dragged]);
  return (
    <section class="card outcome" aria-labelledby="found-title">
      <h2 id="found-title">{KIND_NAMES[kind]}</h2>
      {result.kind === 'plane' ? (
        <PlaneView
          result={result}
          figure={figure as Figure<ContourPanel>}
          beside={beside}
          onBeside={(beside) =>
            changeUrlState({ values: { beside: beside === 'error' ? undefined : beside } })
          }
          slice={slice!}
          onSlice={setDragged}
          exact={session.slice}
          onExact={() => void session.computeSlice(slice!)}
          running={session.state !== 'idle'}
        />
      ) : (
        <CurvesView figure={figure as Figure<Panel>} />
      )}
      <NotesView notes={session.notes} />
      <WarningsView warnings={result.warnings} />
      <div class="exports">
        <SaveSvg figure={figure} file={`basin-${kind}.svg`} />
        <SaveJson result={result} file={`basin-${kind}.json`} />
        <SaveTensors tensors={tensors} file={`basin-${kind}.safetensors`} />
      </div>
      <CommandView commands={[commandLine(spec)]} />
      <DataTable table={tableOf(result)} />
    </section>
  );
}
