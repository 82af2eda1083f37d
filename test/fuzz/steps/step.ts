import type { Draw } from '../draw.ts';
import type { Tracing } from '../tracing.ts';

/** Adds an application of an op, or a few, to a trace: one that the engine must take. */
export type Step = (to: Tracing, draw: Draw) => void;
