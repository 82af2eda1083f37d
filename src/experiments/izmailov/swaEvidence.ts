import { z } from 'zod';
import type { SolutionValues } from './solutions.ts';

/** Weights that are evaluated: the last ones of an arm at its budget, or the average of its captures. */
export type SolutionName = `sgd ${1 | 1.25 | 1.5}` | `${'constant' | 'cyclic'} ${1 | 1.25 | 1.5}` | 'still 1';

/** How captures lie about their mean. */
export interface Geometry {
  /** |w_i − w̄| of each. */
  readonly distances: readonly number[];
  /** Cosines of consecutive deviations from the mean. */
  readonly cosines: readonly number[];
  /** |w̄|. */
  readonly norm: number;
}

/** Losses and errors along something, at its coordinate t. */
export interface Along {
  readonly t: number;
  readonly trainLoss: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
}

/** The plane through three captures: on a coarse grid, and at the three and their mean over all data. */
export interface PlaneEvidence {
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** [y][x] */
  readonly trainLoss: readonly (readonly number[])[];
  readonly testAccuracy: readonly (readonly number[])[];
  readonly marks: readonly { readonly name: string; readonly x: number; readonly y: number }[];
  readonly corners: readonly SolutionValues[];
  readonly centre: SolutionValues;
}

/** Answers of captures moved towards their average, at w̄ + s(w_i − w̄): root mean squares over examples and classes. */
export interface Scaling {
  readonly scale: number;
  /** Of the mean answer over the captures less the average's. */
  readonly together: number;
  /** Of one capture's answer less the average's. */
  readonly alone: number;
}

/** What a unit of the study has. Accuracies are shares. */
export interface SwaEvidence {
  /** Of the last weights, and of the averages. */
  readonly last: Readonly<Record<string, SolutionValues>>;
  readonly averaged: Readonly<Record<string, SolutionValues>>;
  /** By arm, of the captures up to budget 1. */
  readonly captures: Readonly<Record<string, readonly SolutionValues[]>>;
  /** By arm, of the captures up to the last budget it has. */
  readonly geometry: Readonly<Record<string, Geometry>>;
  /**
   * Without a pass for BatchNorm's statistics: the average of the constant arm with those that a network has before its first batch, and with the running
   * ones that training left; and SGD's last weights with these.
   */
  readonly skipped: {
    readonly initial: SolutionValues;
    readonly running: SolutionValues;
    readonly last: SolutionValues;
  };
  /** Mean of the captures' probabilities, on the test data, by arm. */
  readonly ensemble: Readonly<Record<string, { readonly loss: number; readonly accuracy: number }>>;
  readonly scaling: readonly Scaling[];
  /** Mean over random directions, by direction and solution: `uniform`, `filter`. */
  readonly rays: Readonly<Record<string, Readonly<Record<string, readonly Along[]>>>>;
  /** By arm. */
  readonly plane: Readonly<Record<string, PlaneEvidence>>;
  /** From the average at t = 0 to SGD at t = 1, by the averaged arm. */
  readonly segment: Readonly<Record<string, readonly Along[]>>;
}

const values: z.ZodType<SolutionValues> = z.strictObject({
  trainLoss: z.number(),
  trainAccuracy: z.number(),
  testLoss: z.number(),
  testAccuracy: z.number(),
});
const along: z.ZodType<Along> = z.strictObject({
  t: z.number(),
  trainLoss: z.number(),
  testLoss: z.number(),
  testAccuracy: z.number(),
});
const list = z.array(z.number());
const byName = <T>(of: z.ZodType<T>) => z.record(z.string(), of);

/** The form of a unit's evidence in a file. */
export const swaEvidenceSchema: z.ZodType<SwaEvidence> = z.strictObject({
  last: byName(values),
  averaged: byName(values),
  captures: byName(z.array(values)),
  geometry: byName(z.strictObject({ distances: list, cosines: list, norm: z.number() })),
  skipped: z.strictObject({ initial: values, running: values, last: values }),
  ensemble: byName(z.strictObject({ loss: z.number(), accuracy: z.number() })),
  scaling: z.array(z.strictObject({ scale: z.number(), together: z.number(), alone: z.number() })),
  rays: byName(byName(z.array(along))),
  plane: byName(
    z.strictObject({
      x: list,
      y: list,
      trainLoss: z.array(list),
      testAccuracy: z.array(list),
      marks: z.array(z.strictObject({ name: z.string(), x: z.number(), y: z.number() })),
      corners: z.array(values),
      centre: values,
    }),
  ),
  segment: byName(z.array(along)),
});
