export const LR_LAWS = ['linear', 'sqrt', 'none', 'noise_scale'] as const;

/** How ε goes along with a change of B: ∝ B, ∝ √B, not at all, or ∝ 1/(1 + B_simple/B). */
export type LrLaw = (typeof LR_LAWS)[number];

/** B grows where the schedule would cut ε (Smith et al. 2018): see `growBatches`. */
export interface GrowRule {
  readonly rule: 'grow';
  /** N/10 by default. */
  readonly maxBatchSize?: number | undefined;
}

/** B follows the noise scale (McCandlish et al. 2018): see `BatchControl`. */
export interface NoiseRule {
  readonly rule: 'noise';
  /** r: examples that a step saved is worth. */
  readonly examplesPerStep: number;
  /** Steps from one decision to the next. */
  readonly checkEvery: number;
  /** Checks in a row that must find B off by a factor of two or more, in one direction; 2 by default. */
  readonly confirm?: number | undefined;
  readonly lrLaw: LrLaw;
  /** The batch size at the start by default, and N/10. */
  readonly minBatchSize?: number | undefined;
  readonly maxBatchSize?: number | undefined;
}

/** What decides B as a run goes: cuts of the learning rate, or the noise scale. */
export type BatchRule = GrowRule | NoiseRule;

/** The factor of ε where B is changed, by a law; `noise_scale` is ε ∝ 1/(1 + B_simple/B) (McCandlish et al. 2018, eq. 2.6). */
export function rateFactor(law: LrLaw, from: number, to: number, bSimple: number): number {
  switch (law) {
    case 'linear':
      return to / from;
    case 'sqrt':
      return Math.sqrt(to / from);
    case 'none':
      return 1;
    case 'noise_scale':
      return (1 + bSimple / from) / (1 + bSimple / to);
  }
}
