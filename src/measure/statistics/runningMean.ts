import { type Interval, symmetricInterval } from './interval.ts';
import { RunningRatio } from './runningRatio.ts';

/** What the measurements so far tell of their expectation, as it is at the newest one. */
export interface NewestMean {
  /** Their plain mean for fewer than four. */
  readonly mean: number;
  /** From their scatter, and from what is left of their drift; null for fewer than four. */
  readonly stderr: number | null;
  /** Standard deviation of a single measurement about its expectation, hence its own standard error; null for fewer than four. */
  readonly scatter: number | null;
  /** 95 %, Student's; null for fewer than four. */
  readonly interval: Interval | null;
}

/**
 * The expectation of a drifting, noisy number at its newest measurement: a `RunningRatio` whose denominator is 1. Nothing but the measurements'
 * own scatter makes its error, so that they need to have none of their own. Two that follow one another are taken for independent given what
 * they measure; what goes to and fro with the steps counts as scatter.
 */
export class RunningMean {
  readonly #ratio = new RunningRatio();
  #sum = 0;

  /** Takes a measurement in; one that is not finite tells nothing and is left out. */
  add(value: number): void {
    if (!Number.isFinite(value)) return;
    this.#sum += value;
    this.#ratio.add(1, value);
  }

  /** null before the first measurement. */
  newest(): NewestMean | null {
    const { measurements } = this.#ratio;
    if (measurements === 0) return null;
    const fit = this.#ratio.newest();
    if (!fit) return { mean: this.#sum / measurements, stderr: null, scatter: null, interval: null };
    const { ratio, error, scatter, freedom } = fit;
    return {
      mean: ratio,
      stderr: error,
      scatter,
      interval: symmetricInterval(ratio, { stderr: error, freedom }),
    };
  }
}
