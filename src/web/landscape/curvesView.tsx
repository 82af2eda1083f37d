import { useMemo, useState } from 'preact/hooks';
import type { Figure, FigureMark, Panel } from '../../experiments/figure.ts';
import { nearest } from './chartScale.ts';
import { LinkedChart, Readout } from './linkedChart.tsx';

/** Curves over one axis in several charts, read at one place. */
export function CurvesView({ figure }: { figure: Figure<Panel> }) {
  const [at, setAt] = useState<number>();
  const places = useMemo(() => placesOf(figure), [figure]);
  return (
    <>
      <h3>{figure.caption}</h3>
      <div class="linked-charts">
        {figure.panels.map((panel) => (
          <LinkedChart
            key={panel.title}
            panel={panel}
            cursor={at === undefined ? undefined : { x: at }}
            onCursor={(place) => setAt(place && places[nearest(places, place[0])])}
          />
        ))}
      </div>
      <Readout
        values={at === undefined ? undefined : readAt(figure, at)}
        empty="Point at a chart to read all of them there."
      />
    </>
  );
}

/** Where the curves have points. */
function placesOf({ panels }: Figure<Panel>): number[] {
  const all = panels.flatMap(({ marks }) => marks.flatMap((mark) => pointsOf(mark).map(({ x }) => x)));
  return [...new Set(all)].sort((a, b) => a - b);
}

function readAt({ panels }: Figure<Panel>, x: number): [name: string, value: number | null][] {
  const read = panels.flatMap(({ title, marks, y, right }) =>
    marks.flatMap((mark): [string, number | null][] => {
      // Many of one name are read in the table.
      if (mark.mark !== 'line' || mark.look?.faint) return [];
      const point = mark.points.find((each) => each.x === x);
      const name = panels.length === 1 ? mark.name : `${title}, ${mark.name}`;
      const [unit = ''] = /\(.*\)$/.exec(mark.right && right ? right.label : y.label) ?? [];
      return point ? [[unit === '' ? name : `${name} ${unit}`, point.y]] : [];
    }),
  );
  return [['t', x], ...read];
}

function pointsOf(mark: FigureMark): readonly { readonly x: number }[] {
  return mark.mark === 'band' ? [] : mark.points;
}
