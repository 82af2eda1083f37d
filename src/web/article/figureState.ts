import { type BundledFigure, bundledFigure } from './bundledFigure.ts';
import type { Drawn, LiveFigure, Shown } from './figures/liveFigure.ts';

/** A figure of the article as it is: its slider, what came with the page, and what was computed here. */
export class FigureState {
  readonly figure: LiveFigure;
  value: number;
  bundled: BundledFigure | undefined;
  /** By run. */
  readonly live = new Map<number, { readonly drawn: Drawn; readonly seconds: number }>();
  /** The run that is being computed, once there is something of it. */
  growing: { readonly run: number; drawn(): Drawn } | undefined;
  /** Why nothing more is computed, or what is missing. */
  problem: string | undefined;
  /** Counts what changes what is drawn. */
  changes = 0;
  /** The curve of the symbol that is pointed at; '' for none. */
  marked = '';

  constructor(figure: LiveFigure) {
    this.figure = figure;
    this.value = figure.slider.first;
  }

  get run(): number {
    return this.figure.runOf(this.value);
  }

  get isComputed(): boolean {
    return this.live.has(this.run);
  }

  /** Takes what came with the page, once. */
  async load(): Promise<void> {
    if (this.bundled) return;
    try {
      this.bundled = await bundledFigure(this.figure.id);
    } catch (error) {
      this.problem = `what came with the page could not be loaded: ${(error as Error).message}`;
    }
  }

  /** What is drawn: what was computed here, else what came with the page. `growing` takes the place of the slider's run. */
  shown({ growing }: { readonly growing: boolean }): Shown | undefined {
    const of = (run: number): Drawn | undefined => this.live.get(run)?.drawn ?? this.bundled?.runs[run];
    const own = growing && this.growing?.run === this.run ? this.growing.drawn() : of(this.run);
    if (!own) return undefined;
    const others = this.figure.runs.flatMap((run): [number, Drawn][] => {
      const drawn = run === this.run ? undefined : of(run);
      return drawn ? [[run, drawn]] : [];
    });
    return { chosen: own, others: new Map(others) };
  }
}
