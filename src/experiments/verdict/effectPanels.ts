import type { Statistic, UnitValues } from '../experiment.ts';
import type { Panel } from '../figure.ts';

/** Room beyond what is drawn, as a share of it, for a margin without an end there. */
const ROOM = 0.25;

/** A chart for each effect that has a margin: its units, their mean with its interval, and the margin. */
export function effectPanels(effects: readonly UnitValues[], statistics: readonly Statistic[]): Panel[] {
  return effects.flatMap(({ name, values, scale }, i): Panel[] => {
    const { value, interval, margin } = statistics[i]!;
    if (margin === null) return [];
    const log = scale === 'log';
    const [least, most] = endsOf([...values, value, ...interval, ...margin], log);
    const last = values.length + 1;
    return [
      {
        title: name,
        x: { label: 'unit; their mean at the right', range: [0.5, last + 0.5] },
        y: { label: 'effect', log, range: [least, most] },
        marks: [
          { mark: 'band', name: 'margin', range: [margin[0] ?? least, margin[1] ?? most] },
          { mark: 'dots', name: 'units', points: values.map((y, u) => ({ x: u + 1, y })) },
          {
            mark: 'dots',
            name: 'mean with 95 %',
            points: [{ x: last, y: Number.isFinite(value) ? value : null, interval }],
          },
        ],
      },
    ];
  });
}

/** Ends of an axis that shows all of some values, with room. */
function endsOf(values: readonly (number | null)[], log: boolean): [number, number] {
  const onScale = values.flatMap((value) => {
    const at = value === null ? Number.NaN : log ? Math.log(value) : value;
    return Number.isFinite(at) ? [at] : [];
  });
  const [least, most] = onScale.length > 0 ? [Math.min(...onScale), Math.max(...onScale)] : [0, 1];
  const room = ROOM * (most - least) || (log ? Math.LN2 : Math.max(1e-6, Math.abs(most) / 2));
  const ends = [least - room, most + room] as [number, number];
  return log ? [Math.exp(ends[0]), Math.exp(ends[1])] : ends;
}
