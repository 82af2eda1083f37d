import type { Measurement } from '../measurement.ts';
import { ask } from '../measurement.ts';
import { type Estimate, estimateFrom } from '../statistics/estimate.ts';
import { exactTrace } from './hessianTrace.ts';
import type { CurvatureKind } from './operator.ts';
import { probeWaves } from './probeWaves.ts';
import { traceProbes } from './traceProbes.ts';

/** How a trace is found: by random signs, or exactly by a product an example or a coordinate. */
export interface TraceOptions {
  readonly probes: number;
  readonly seed: number;
  readonly exact: boolean;
}

/** The trace of the Hessian, or of another matrix of second order, by Hutchinson's probes or by P products. */
export function curvatureTrace(
  kind: CurvatureKind,
  { probes, seed, exact }: TraceOptions,
): Measurement<Estimate> {
  return {
    async *over({ gpu, point }) {
      if (exact) {
        // P forms only once the others' first round has refused what it refuses.
        yield* ask({});
        return exactTrace(gpu, point, kind);
      }
      const forms: number[] = [];
      for (const wave of probeWaves(probes, point.layout)) {
        const { found } = yield* ask({ found: traceProbes(point.layout, kind, { ...wave, seed }) });
        forms.push(...found);
      }
      return estimateFrom(forms);
    },
  };
}
