import type { ContourPanel, Figure, Panel } from '../../experiments/figure.ts';
import { FILE_LOOK } from '../../present/figures/look.ts';
import { svgText } from '../../present/figures/svgText.ts';
import { formatJson } from '../../present/formatJson.ts';
import { download } from '../download.ts';

/** Saves a figure as the command line draws it. */
export function SaveSvg(props: { figure: Figure<Panel | ContourPanel>; file: string; label?: string }) {
  const { figure, file, label = 'Save SVG' } = props;
  return (
    <button
      type="button"
      onClick={async () => {
        const { drawFigure } = await import('../../present/figures/drawings.ts');
        const svg = drawFigure(figure, { ...FILE_LOOK, document });
        download(file, 'image/svg+xml', svgText(svg));
      }}
    >
      {label}
    </button>
  );
}

/** Saves a result as it is. */
export function SaveJson({
  result,
  file,
  label = 'Save JSON',
}: {
  result: object;
  file: string;
  label?: string;
}) {
  return (
    <button type="button" onClick={() => download(file, 'application/json', `${formatJson(result)}\n`)}>
      {label}
    </button>
  );
}

/** Saves the tensors that go with a result; nothing where there are none. */
export function SaveTensors(props: { tensors: Uint8Array | undefined; file: string; label?: string }) {
  const { tensors, file, label = 'Save tensors' } = props;
  if (!tensors) return null;
  return (
    <button type="button" onClick={() => download(file, 'application/octet-stream', tensors as BlobPart)}>
      {label}
    </button>
  );
}
