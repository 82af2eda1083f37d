import type { State } from '../gpu/state.ts';
import type { Graph } from '../ops/graph.ts';
import { type Averaging, average } from './average.ts';
import { type CaptureRing, capture, captureMean } from './lawa.ts';
import { swag } from './swag.ts';

/** An average of a run's weights over states. */
export interface KeptAverage {
  /** The average, flat [P]. */
  readonly average: State;
  /** SWAG's Σ(θ − mean)² over the captures, flat [P]; null for other averages. */
  readonly squares: State | null;
  /** What it keeps from capture to capture, by its name in a snapshot. */
  readonly kept: ReadonlyMap<string, State>;
  /** Traces how weights are captured. */
  capture(graph: Graph): void;
  /** Traces how the average is made of what was captured; null where it is up to date after each capture. */
  readonly finish: ((graph: Graph) => void) | null;
}

/** @param state makes a state of each replica's own */
export function keepAverage(
  averaging: Averaging,
  { theta, counters }: { readonly theta: State; readonly counters: State },
  state: (label: string, shape: number[]) => State,
): KeptAverage {
  const mean = state('averaged parameters', [theta.elements]);
  const running = { average: mean, squares: null, kept: new Map([['average', mean]]), finish: null };
  switch (averaging.kind) {
    case 'swa':
    case 'ema':
      return {
        ...running,
        capture: (graph) => average(graph, { averaging, theta, average: mean, counters }),
      };
    case 'swag': {
      const squares = state('squared deviations of parameters', [theta.elements]);
      return {
        ...running,
        squares,
        kept: new Map([...running.kept, ['squared_deviations', squares]]),
        capture: (graph) => swag(graph, { captures: averaging, mean, squares, counters }, theta),
      };
    }
    case 'lawa': {
      const ring = state('captured parameters', [averaging.last, theta.elements]);
      const of: CaptureRing = { captures: averaging, ring, counters };
      return {
        average: mean,
        squares: null,
        kept: new Map([['captures', ring]]),
        capture: (graph) => capture(graph, of, theta),
        finish: (graph) => captureMean(graph, of, mean),
      };
    }
  }
}
