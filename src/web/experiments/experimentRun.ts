import type { ExperimentResult } from '../../experiments/experimentResult.ts';
import type { FigurePoint, Panel } from '../../experiments/figure.ts';
import type { ResultSoFar } from '../../experiments/resultSoFar.ts';
import type { JobEvent } from '../../jobs/job.ts';
import { runKey, type WantedRun } from './wantedRun.ts';

/** What has come of a run of an experiment: its curves as they grow, its cells, what they come to so far and at the end. */
export class ExperimentRun {
  readonly wanted: WantedRun;
  readonly key: string;
  cells: { readonly done: number; readonly total: number } | undefined;
  soFar: ResultSoFar | undefined;
  result: ExperimentResult | undefined;
  /** Seconds of the cells that were measured, by name. */
  readonly took = new Map<string, number>();
  /** Of the cell under way. */
  #share = 0;
  #phase = '';
  #step: { readonly done: number; readonly total: number; readonly unit: string } | undefined;
  readonly #charts = new Map<string, Map<string, FigurePoint[]>>();
  /** As they were last drawn: a chart to which nothing came is the same object again. */
  readonly #panels = new Map<string, Panel>();

  constructor(wanted: WantedRun) {
    this.wanted = wanted;
    this.key = runKey(wanted);
  }

  take(event: JobEvent): void {
    if (event.type === 'series') this.#point(event.chart, event.curve, { x: event.x, y: event.y });
    else if (event.type === 'phase') {
      this.#phase = event.phase;
      this.#step = undefined;
    } else if (event.type === 'progress') {
      this.#step = event;
      this.#share = Math.max(this.#share, event.done / Math.max(1, event.total));
    } else if (event.type === 'cell') {
      this.cells = event;
      this.#share = 0;
      if (event.cell.seconds !== undefined) this.took.set(event.name, event.cell.seconds);
    } else if (event.type === 'soFar') this.soFar = event;
    else if (event.type === 'result') this.result = event.result as ExperimentResult;
  }

  /** What is being done. */
  get phase(): string {
    const step = this.#step;
    return step ? `${this.#phase}: ${step.done} of ${step.total} ${step.unit}` : this.#phase;
  }

  /** Of all cells, the one under way in parts. @param kept that were there before @param total of the protocol */
  share(kept: number, total: number): number {
    return Math.min(1, ((this.cells?.done ?? kept) + Math.min(this.#share, 0.99)) / Math.max(1, total));
  }

  /** The curves so far, a chart each; empty ones too. */
  get panels(): readonly Panel[] {
    return Object.entries(this.wanted.record.series).map(([title, axes]) => {
      const drawn = this.#panels.get(title);
      if (drawn) return drawn;
      const curves = [...(this.#charts.get(title) ?? [])];
      const marks = curves.map(([name, points]) => ({ mark: 'line' as const, name, points }));
      const panel: Panel = { title, ...axes, marks };
      this.#panels.set(title, panel);
      return panel;
    });
  }

  #point(chart: string, curve: string, { x, y }: { x: number; y: number }): void {
    const curves = this.#charts.get(chart) ?? new Map<string, FigurePoint[]>();
    this.#charts.set(chart, curves);
    const points = curves.get(curve) ?? [];
    curves.set(curve, points);
    points.push({ x, y: Number.isFinite(y) ? y : null });
    this.#panels.delete(chart);
  }
}
