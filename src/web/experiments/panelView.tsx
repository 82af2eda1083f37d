import type { Panel } from '../../experiments/figure.ts';
import { curveNames } from '../../present/figures/curveStyle.ts';
import { Picture } from '../picture.tsx';

/** A chart of a figure under its title, as it grows. */
export function PanelView({ panel }: { panel: Panel }) {
  return (
    <figure class="chart panel">
      <figcaption>
        <h3>{panel.title}</h3>
      </figcaption>
      {curveNames(panel).length === 0 ? (
        <p class="empty">no points yet</p>
      ) : (
        <Picture of={panel} draw={({ drawChart }, look) => drawChart(panel, look)} />
      )}
    </figure>
  );
}
