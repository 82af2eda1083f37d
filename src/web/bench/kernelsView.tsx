import { rowOf } from '../../bench/edit/rowOf.ts';
import type { KernelsRow } from '../../bench/kernelsReport.ts';
import { KernelsTable } from './kernelsTable.tsx';
import { KernelViewer } from './kernelViewer.tsx';
import { RooflinePlot } from './rooflinePlot.tsx';
import { RowFigures } from './rowFigures.tsx';
import { rowName } from './rowName.ts';
import type { RunView } from './runView.ts';

interface KernelsViewProps {
  run: RunView | undefined;
  /** The run is on its way. */
  loading: boolean;
  /** Those of the families that are picked. */
  rows: readonly KernelsRow[];
  selected: string | undefined;
  onSelect(id: string): void;
  /** Times one row again; undefined where that cannot be now. */
  onAgain: ((id: string) => void) | undefined;
  /** Opens a kernel of a row, which is named without its shape, in the editor. */
  onEdit(row: string, kernel: string): void;
  edits: number;
  refused: ReadonlyMap<string, string>;
  /** Runs came with the page. */
  builtin: boolean;
}

/** The table, the roofline beside it, and the source of the row that is picked. */
export function KernelsView(props: KernelsViewProps) {
  const { run, loading, rows, selected, onSelect, onAgain, onEdit, edits, refused, builtin } = props;
  if (!run || rows.length === 0) {
    return (
      <p class="empty card">
        {loading
          ? 'Opening a run that came with this page …'
          : run
            ? 'No rows yet.'
            : 'Nothing has run yet. Run measures this adapter’s ceilings, checks each kernel against float64, then times it.'}
        {!run && !loading && builtin && ' Or look at a run that came with this page: pick it under “Shown”.'}
      </p>
    );
  }
  const row = rows.find(({ id }) => id === selected) ?? rows[0]!;
  return (
    <div class="split kernels-view">
      <KernelsTable run={run} rows={rows} selected={row.id} onSelect={onSelect} />
      <div class="beside">
        <RooflinePlot run={run} rows={rows} selected={row.id} onSelect={onSelect} />
        <section class="card picked" aria-labelledby="picked-title">
          <div class="picked-head">
            <h3 id="picked-title">{rowName(row)}</h3>
            <button type="button" disabled={!onAgain} onClick={() => onAgain?.(row.id)}>
              Run again
            </button>
          </div>
          {row.ladder && <p class="hint">{row.ladder.title}</p>}
          <RowFigures row={row} before={run.before.get(row.id)} />
          {row.dispatches.length > 0 && (
            <KernelViewer
              dispatches={row.dispatches}
              edits={edits}
              refused={refused}
              onEdit={(kernel) => onEdit(rowOf(row), kernel)}
            />
          )}
        </section>
      </div>
    </div>
  );
}
