import { formatCount, formatDuration, formatNumber } from '../../present/formatNumber.ts';
import { commandLine } from '../commandLine.ts';
import { DataTable } from '../dataTable.tsx';
import { download } from '../download.ts';
import { CommandView } from '../outcome/commandView.tsx';
import { NotesView } from '../outcome/notesView.tsx';
import { SaveJson, SaveSvg, SaveTensors } from '../outcome/saveButtons.tsx';
import { WarningsView } from '../outcome/warningsView.tsx';
import { Picture } from '../picture.tsx';
import { measureCards, sharpnessCards } from './cards.ts';
import { CardGroupView } from './cardView.tsx';
import {
  measureFigures,
  measureTables,
  type NamedFigure,
  sharpnessFigures,
  sharpnessTables,
} from './found.ts';
import type { FoundPoint } from './measureSession.ts';
import { numbersCsv } from './numbersCsv.ts';

/** What was measured: numbers, pictures, tables, files, and the commands that do it again. */
export function FoundView({ found, notes }: { found: FoundPoint; notes: readonly string[] }) {
  const { specs, measure, sharpness, seconds } = found;
  const { result } = measure;
  const groups = [...measureCards(result), ...(sharpness ? [sharpnessCards(sharpness.result)] : [])];
  const figures = [...measureFigures(result), ...(sharpness ? sharpnessFigures(sharpness.result) : [])];
  const tables = [...measureTables(result), ...(sharpness ? sharpnessTables(sharpness.result) : [])];
  const warnings = [...result.warnings, ...(sharpness?.result.warnings ?? [])];
  const units = result.units === undefined ? '' : ` in ${formatCount(result.units)} units`;
  return (
    <section class="card outcome" aria-labelledby="found-title">
      <h2 id="found-title">
        {formatCount(result.examples)} examples{units}, {formatCount(result.parameters)} parameters
      </h2>
      <p class="hint">
        BatchNorm in {result.mode} mode. Each number with its standard error over the examples and the 95 %
        interval of what it estimates. It took {formatTime(seconds)} on this adapter.
      </p>
      <NotesView notes={notes} />
      <WarningsView warnings={warnings} />
      {groups.map((group) => (
        <CardGroupView key={group.title} group={group} />
      ))}
      <div class="figures">
        {figures.map((figure) => (
          <FigureView key={figure.name} named={figure} of={found} />
        ))}
      </div>
      <div class="exports">
        <SaveJson result={result} file="basin-measure.json" label="Save numbers as JSON" />
        {sharpness && (
          <SaveJson result={sharpness.result} file="basin-sharpness.json" label="Save sharpness as JSON" />
        )}
        <button
          type="button"
          onClick={() =>
            download('basin-measure.csv', 'text/csv', numbersCsv(groups.flatMap(({ cards }) => cards)))
          }
        >
          Save CSV
        </button>
        <SaveTensors
          tensors={measure.tensors}
          file="basin-measure.safetensors"
          label="Save gradient and variance"
        />
        <SaveTensors
          tensors={sharpness?.tensors}
          file="basin-sharpness.safetensors"
          label="Save displacements"
        />
      </div>
      <CommandView commands={specs.map(commandLine)} />
      {tables.map((table) => (
        <DataTable key={table.title} table={table} />
      ))}
    </section>
  );
}

function formatTime(seconds: number): string {
  return seconds < 60 ? `${formatNumber(seconds, 2)} s` : formatDuration(seconds);
}

function FigureView({ named: { name, figure }, of }: { named: NamedFigure; of: unknown }) {
  return (
    <figure class="figure" aria-label={figure.caption}>
      <Picture of={of} draw={({ drawFigure }, look) => drawFigure(figure, look)} />
      <SaveSvg figure={figure} file={`basin-${name}.svg`} label={`Save ${name} as SVG`} />
    </figure>
  );
}
