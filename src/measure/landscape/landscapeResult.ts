/** What a model does at one point, over all examples in eval mode. */
export interface PointValues {
  /** Mean loss; null where it is not finite, which `warnings` tells. */
  readonly loss: number | null;
  /** Share of right answers; null where the targets are no classes, or the loss is not finite. */
  readonly accuracy: number | null;
  /** Of the test set; null where none was given. */
  readonly testLoss: number | null;
  readonly testAccuracy: number | null;
}

/** A point of a line or a ray, at its coordinate. */
export interface LinePoint extends PointValues {
  readonly t: number;
}

/** The mean over rays, of which each value is one sample, with its standard error: null for one ray, and where a ray has no value. */
export interface MeanPoint extends LinePoint {
  readonly lossStderr: number | null;
  readonly accuracyStderr: number | null;
  readonly testLossStderr: number | null;
  readonly testAccuracyStderr: number | null;
}

/** What landscapes of every kind say. */
export interface LandscapeFacts {
  /** N, and those of the test set: null where none was given. */
  readonly examples: number;
  readonly testExamples: number | null;
  /** P. */
  readonly parameters: number;
  /** How BatchNorm's running statistics were had at each point; null for a model without. */
  readonly batchNorm: 'recompute' | 'stored' | null;
  /** Examples of a batch of that pass; null where there is none. */
  readonly bnBatchSize: number | null;
  /** What a reader has to know: which values are null and why. */
  readonly warnings: readonly string[];
}

/** Loss along a line through two solutions: θ = (1 − t)·from + t·to, or curved cos(tπ/2)·from + sin(tπ/2)·to (Keskar et al. 2017). */
export interface LineResult extends LandscapeFacts {
  readonly kind: 'line';
  readonly curved: boolean;
  /** |to − from|, so that t·distance is a length. */
  readonly distance: number;
  readonly points: readonly LinePoint[];
}

/** Where weights are against a plane. */
export interface Mark {
  readonly x: number;
  readonly y: number;
  /** From the plane. */
  readonly distance: number;
}

/** Values over a plane, by row of y: [y][x]. */
export type PlaneValues = readonly (readonly (number | null)[])[];

/** Loss over the plane through three solutions: θ = w1 + x·û + y·v̂, x and y in units of |θ| (Garipov et al. 2018). */
export interface PlaneResult extends LandscapeFacts {
  readonly kind: 'plane';
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly loss: PlaneValues;
  /** Null where the targets are no classes. */
  readonly accuracy: PlaneValues | null;
  /** Null where no test set was given. */
  readonly testLoss: PlaneValues | null;
  readonly testAccuracy: PlaneValues | null;
  /** The three solutions as "1", "2", "3", then the marks by name. */
  readonly marks: Readonly<Record<string, Mark>>;
}

/** Loss along random rays from one solution: θ + t·d (Izmailov et al. 2018; filter-normalised: Li et al. 2018). */
export interface RaysResult extends LandscapeFacts {
  readonly kind: 'rays';
  /** Whether each filter of d has the norm of θ's, so that t is relative; else |d| = 1 and t is a length. */
  readonly filterNormalised: boolean;
  readonly radius: number;
  readonly seed: number;
  readonly rays: readonly { readonly points: readonly LinePoint[] }[];
  readonly mean: { readonly points: readonly MeanPoint[] };
}

/** What `basin landscape` and the functions of `landscape` find. */
export type LandscapeResult = LineResult | PlaneResult | RaysResult;
