import { FILE_LOOK } from '../../present/figures/look.ts';
import { svgText } from '../../present/figures/svgText.ts';
import { DataTable } from '../dataTable.tsx';
import { download } from '../download.ts';
import { Picture } from '../picture.tsx';
import { figureOf, tablesOf } from './found.ts';
import { KIND_NAMES } from './kinds.ts';
import type { Found } from './landscapeSession.ts';

/** What a job found: figure, numbers, files. */
export function FoundView({ found }: { found: Found }) {
  const { kind, result, tensors } = found;
  const figure = figureOf(found);
  return (
    <section class="card outcome" aria-labelledby="found-title">
      <h2 id="found-title">{KIND_NAMES[kind]}</h2>
      <Picture of={found} draw={({ drawFigure }, look) => drawFigure(figure, look)} />
      {result.warnings.length > 0 && (
        <ul class="banner warning" aria-label="Warnings">
          {result.warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      <div class="exports">
        <button
          type="button"
          onClick={async () => {
            const { drawFigure } = await import('../../present/figures/drawings.ts');
            const svg = drawFigure(figure, { ...FILE_LOOK, document });
            download(`basin-${kind}.svg`, 'image/svg+xml', svgText(svg));
          }}
        >
          Save SVG
        </button>
        <button
          type="button"
          onClick={() =>
            download(`basin-${kind}.json`, 'application/json', `${JSON.stringify(result, null, 1)}\n`)
          }
        >
          Save JSON
        </button>
        {tensors && (
          <button
            type="button"
            onClick={() =>
              download(`basin-${kind}.safetensors`, 'application/octet-stream', tensors as BlobPart)
            }
          >
            Save tensors
          </button>
        )}
      </div>
      {tablesOf(found).map((table) => (
        <DataTable key={table.title} table={table} />
      ))}
    </section>
  );
}
