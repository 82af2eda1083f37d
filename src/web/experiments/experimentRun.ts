import type { ExperimentRecord } from '../../experiments/experiment.ts';
import type { ExperimentResult } from '../../experiments/experimentResult.ts';
import type { FigurePoint, Panel } from '../../experiments/figure.ts';
import type { JobEvent } from '../../jobs/job.ts';

/** What has come of a run of an experiment: its curves as they grow, its cells, and at the end what it came to. */
export class ExperimentRun {
  readonly record: ExperimentRecord;
  readonly preset: string;
  cells: { readonly done: number; readonly total: number } | undefined;
  result: ExperimentResult | undefined;
  /** Points by chart and curve, in the order in which they came. */
  readonly #curves = new Map<string, Map<string, FigurePoint[]>>();

  constructor(record: ExperimentRecord, preset: string) {
    this.record = record;
    this.preset = preset;
  }

  take(event: JobEvent): void {
    if (event.type === 'series') {
      const { chart, curve, x, y } = event;
      const curves = this.#curves.get(chart) ?? new Map<string, FigurePoint[]>();
      this.#curves.set(chart, curves);
      const points = curves.get(curve) ?? [];
      curves.set(curve, points);
      points.push({ x, y: Number.isFinite(y) ? y : null });
    } else if (event.type === 'cell') this.cells = event;
    else if (event.type === 'result') this.result = event.result as ExperimentResult;
  }

  /** The curves so far, a chart each; empty ones too. */
  get panels(): readonly Panel[] {
    return Object.entries(this.record.series).map(([title, axes]) => ({
      title,
      ...axes,
      marks: [...(this.#curves.get(title) ?? [])].map(([name, points]) => ({ mark: 'line', name, points })),
    }));
  }
}
