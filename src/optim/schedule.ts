/** The learning rate as a function of the step s, counted from 1 (interfaces: `lr_schedule`). */
export type Schedule = { readonly warmup?: number } & (
  | { readonly type: 'constant' }
  /** Absolute rates, one a step. */
  | { readonly type: 'table'; readonly values: readonly number[] }
  /** torch.optim.lr_scheduler.StepLR, in steps. */
  | { readonly type: 'step'; readonly step_size: number; readonly gamma: number }
  /** torch.optim.lr_scheduler.CosineAnnealingLR's closed form, in steps. */
  | { readonly type: 'cosine'; readonly T_max: number; readonly eta_min: number }
  /** torch.optim.lr_scheduler.CosineAnnealingWarmRestarts (Loshchilov & Hutter 2017), in steps: periods of T_0, T_0·T_mult, … */
  | {
      readonly type: 'cosine_restarts';
      readonly T_0: number;
      readonly T_mult: number;
      readonly eta_min: number;
    }
  /** The base rate up to `start`, then Izmailov et al. 2018's constant or cyclic rate. */
  | {
      readonly type: 'swa';
      readonly kind: 'constant' | 'cyclic';
      readonly start: number;
      readonly cycle: number;
      readonly alpha1: number;
      readonly alpha2: number;
    }
);

/** A schedule as a train.json holds it, what has a default left out: `gamma` 0.1, `eta_min` 0, `T_mult` 1, `kind` constant, `cycle` 1, `alpha2` as `alpha1`. */
export type GivenSchedule = { readonly warmup?: number | undefined } & (
  | { readonly type: 'constant' }
  | { readonly type: 'table'; readonly values: readonly number[] }
  | { readonly type: 'step'; readonly step_size: number; readonly gamma?: number | undefined }
  | { readonly type: 'cosine'; readonly T_max: number; readonly eta_min?: number | undefined }
  | {
      readonly type: 'cosine_restarts';
      readonly T_0: number;
      readonly T_mult?: number | undefined;
      readonly eta_min?: number | undefined;
    }
  | {
      readonly type: 'swa';
      readonly kind?: 'constant' | 'cyclic' | undefined;
      readonly start: number;
      readonly cycle?: number | undefined;
      readonly alpha1: number;
      readonly alpha2?: number | undefined;
    }
);

/**
 * ε of every step, in a table that lies on the device.
 * Warm-up w multiplies by min(1, s/w).
 * @throws RangeError if a table is shorter than the run.
 */
export function learningRates(schedule: Schedule, base: number, steps: number): Float32Array {
  if (schedule.type === 'table' && schedule.values.length < steps) {
    throw new RangeError(
      `the table has ${schedule.values.length} rates, expected at least ${steps}, one a step`,
    );
  }
  return Float32Array.from({ length: steps }, (_, i) => learningRate(schedule, base, i + 1));
}

/** ε of step s, counted from 1, of a table no shorter than that. */
export function learningRate(schedule: Schedule, base: number, s: number): number {
  return rateAt(schedule, base, s) * (schedule.warmup ? Math.min(1, s / schedule.warmup) : 1);
}

function rateAt(schedule: Schedule, base: number, s: number): number {
  switch (schedule.type) {
    case 'constant':
      return base;
    case 'table':
      return schedule.values[s - 1]!;
    case 'step':
      return base * schedule.gamma ** Math.floor((s - 1) / schedule.step_size);
    case 'cosine':
      return annealed(schedule, base, s - 1, schedule.T_max);
    case 'cosine_restarts': {
      const { at, period } = placeInPeriod(s - 1, schedule);
      return annealed(schedule, base, at, period);
    }
    case 'swa': {
      const { start, kind, cycle, alpha1, alpha2 } = schedule;
      if (s <= start) return base;
      if (kind === 'constant') return alpha1;
      // Izmailov et al. 2018, §3: t(i) = (mod(i − 1, c) + 1)/c, α(i) = (1 − t)α₁ + tα₂.
      const t = (((s - start - 1) % cycle) + 1) / cycle;
      return (1 - t) * alpha1 + t * alpha2;
    }
  }
}

/** From the base rate down to η_min within a period, half a cosine. */
function annealed(
  { eta_min }: { readonly eta_min: number },
  base: number,
  at: number,
  period: number,
): number {
  return eta_min + ((base - eta_min) * (1 + Math.cos((Math.PI * at) / period))) / 2;
}

/** Steps since the last restart, and the length of the period they are in; the first begins with 0 steps done. */
function placeInPeriod(
  done: number,
  { T_0, T_mult }: { readonly T_0: number; readonly T_mult: number },
): { readonly at: number; readonly period: number } {
  if (T_mult === 1) return { at: done % T_0, period: T_0 };
  let [start, period] = [0, T_0];
  while (done >= start + period) {
    start += period;
    period *= T_mult;
  }
  return { at: done - start, period };
}
