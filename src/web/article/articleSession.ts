import type { JobEvent } from '../../jobs/job.ts';
import { WorkerSession } from '../workerSession.ts';
import { FigureState } from './figureState.ts';
import type { Drawn, LiveFigure } from './figures/liveFigure.ts';

/** The article's session: which figures want to be computed, one after the other, and what they have come to. */
export class ArticleSession extends WorkerSession {
  readonly figures: ReadonlyMap<string, FigureState>;
  /** Those that are to be computed, the next one first. */
  #wanted: FigureState[] = [];
  #computing: { readonly state: FigureState; readonly run: number } | undefined;

  constructor(figures: readonly LiveFigure[]) {
    super();
    this.figures = new Map(figures.map((figure) => [figure.id, new FigureState(figure)]));
  }

  protected override async opened(): Promise<void> {
    void this.#work();
  }

  /** Computes a figure when its turn comes, unless it has been or could not be. */
  want(state: FigureState): void {
    const underWay = this.#computing?.state === state && this.#computing.run === state.run;
    if (underWay || state.isComputed || state.problem !== undefined || this.#wanted.includes(state)) return;
    this.#wanted.push(state);
    void this.#work();
  }

  /** Shows another value of a figure's slider, and computes it before all others. */
  set(state: FigureState, value: number): void {
    if (value === state.value) return;
    state.value = value;
    state.problem = undefined;
    this.#first(state);
    this.#redraw(state);
  }

  /** Computes what a figure shows once more. */
  again(state: FigureState): void {
    state.live.delete(state.run);
    state.problem = undefined;
    this.#first(state);
    this.#redraw(state);
  }

  async load(state: FigureState): Promise<void> {
    await state.load();
    this.#redraw(state);
  }

  /** Tells the figures of a symbol that is pointed at, by the name of its curve; '' for none. */
  mark(state: FigureState, curve: string): void {
    if (state.marked === curve) return;
    state.marked = curve;
    this.#redraw(state);
  }

  #first(state: FigureState): void {
    this.#wanted = [...(state.isComputed ? [] : [state]), ...this.#wanted.filter((other) => other !== state)];
    // What is under way waits for what was asked for now; its turn comes again.
    const current = this.#computing;
    if (current && this.#wanted.length > 0 && this.state === 'running') {
      if (current.state !== state) this.#wanted.push(current.state);
      void this.stop();
    }
    void this.#work();
  }

  async #work(): Promise<void> {
    if (this.#computing || !this.adapter) return;
    for (let state = this.#wanted.shift(); state; state = this.#wanted.shift()) {
      this.#computing = { state, run: state.run };
      await this.#compute(state, state.run);
      this.#computing = undefined;
    }
  }

  async #compute(state: FigureState, run: number): Promise<void> {
    const { figure } = state;
    const jobs = figure.jobs(run);
    const told = jobs.map((): JobEvent[] => []);
    const began = performance.now();
    let stopped = false;
    await this.runJobs(jobs, {
      started: `${figure.title}: computing`,
      failed: `${figure.title}: failed`,
      ended: (how) => {
        stopped = how.stopped || how.abandoned;
        return stopped ? `${figure.title}: put off` : `${figure.title}: computed`;
      },
      take: (event, job) => {
        told[job]!.push(event);
        if (event.type !== 'readings' && event.type !== 'evaluation') return;
        state.growing = { run, drawn: () => figure.digest(run, told) };
        state.changes++;
      },
    });
    state.growing = undefined;
    if (this.error !== undefined) state.problem = this.error;
    else if (!stopped) {
      const drawn: Drawn = figure.digest(run, told);
      state.live.set(run, { drawn, seconds: (performance.now() - began) / 1000 });
    }
    this.#redraw(state);
  }

  #redraw(state: FigureState): void {
    state.changes++;
    this.changed();
  }
}
