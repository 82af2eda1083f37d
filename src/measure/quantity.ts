import type { FlatLayout } from '../ops/flat.ts';
import type { Graph, Tensor } from '../ops/graph.ts';
import type { TracedBatch } from './tracedBatch.ts';

/** The numbers that a quantity is made of, by the names that its trace gave them. */
export type Numbers = Readonly<Record<string, Float32Array | Uint32Array>>;

/** One look of a quantity at every batch. */
export interface Look {
  /** Numbers, once all batches are in; in a training step scalars and vectors [n]. */
  readonly values?: (graph: Graph) => Readonly<Record<string, Tensor>>;
  /** A further look at every batch, for which what this one gathered is known. */
  readonly next?: (batch: TracedBatch) => Look;
  /** The same, for which the host makes numbers of this look's: over a data set only. */
  readonly afterHost?: (values: Numbers) => (batch: TracedBatch) => Look;
}

/** What was measured, for whoever makes numbers of it. */
export interface MeasuredOf {
  readonly layout: FlatLayout;
  readonly examples: number;
  /** Over how many the mean was taken, and of how many examples each is. */
  readonly units: number;
  readonly unitSize: number;
}

/**
 * Something that is measured of a model's losses and their derivatives at one point: traced once, for the batch of a training
 * step as for the batches of a data set. Quantities that are measured together share one forward pass, and what else they
 * take alike.
 */
export interface Quantity<Found> {
  /** Vectors from the host, which the traces find in the memory of these names. */
  readonly given?: Numbers;
  /** What finds all that this one and another do, where they are of a kind: both are answered by it. */
  joined?(other: Quantity<unknown>): Quantity<Found> | null;
  trace(batch: TracedBatch): Look;
  /** On the host, in float64, from the numbers of all looks. */
  read(values: Numbers, of: MeasuredOf): Found;
}
