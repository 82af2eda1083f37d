import type { Gpu } from '../gpu/device.ts';
import type { Point } from './pass.ts';
import type { Quantity } from './quantity.ts';

/** Quantities that are asked for at one time, by name; null for one that there is no use for. */
export type Round = Readonly<Record<string, Quantity<unknown> | null>>;

/** What one finds; null for one that is not there. */
export type FoundOf<M> =
  M extends Measurement<infer Found> ? Found : M extends Quantity<infer Found> ? Found : null;

/** What each of some finds. */
export type FoundBy<R> = { readonly [K in keyof R]: FoundOf<R[K]> };

/** What the quantities of a round found. */
export type Answers = Readonly<Record<string, unknown>>;

/** Where something is measured. */
export interface MeasuredAt {
  readonly gpu: Gpu;
  readonly point: Point;
}

/**
 * Something over all examples of a point that is made of quantities. It asks for rounds of them, each of which may depend on what the
 * earlier ones found; between two it may work on the host, or on the device by itself. Measurements that are taken together
 * have their rounds together, so that they share the passes over the data.
 */
export interface Measurement<Found> {
  over(at: MeasuredAt): AsyncGenerator<Round, Found, Answers>;
}

/** Asks for a round, within a measurement: `const { a, b } = yield* ask({ a: …, b: … })`. */
export async function* ask<R extends Round>(round: R): AsyncGenerator<Round, FoundBy<R>, Answers> {
  return (yield round) as FoundBy<R>;
}

/**
 * A measurement that shares no passes: it has its own, once the first round of others has refused what it refuses.
 * @param require refuses a point before anything is measured
 */
export function byItself<Found>(
  measure: (at: MeasuredAt) => Promise<Found>,
  require?: (point: Point) => void,
): Measurement<Found> {
  return {
    async *over(at) {
      require?.(at.point);
      yield* ask({});
      return measure(at);
    },
  };
}

/** Whether it is a quantity or a measurement. */
export function isMeasurable(given: unknown): given is Quantity<unknown> | Measurement<unknown> {
  const methods = given as Partial<Record<'over' | 'trace', unknown>> | null | undefined;
  return typeof methods?.over === 'function' || typeof methods?.trace === 'function';
}

/** A quantity as a measurement of one round; a measurement is itself. */
export function asMeasurement<Found>(of: Quantity<Found> | Measurement<Found>): Measurement<Found> {
  if ('over' in of) return of;
  return {
    async *over() {
      return (yield* ask({ '': of }))[''];
    },
  };
}
