import type { Gpu } from '../../gpu/device.ts';
import { Scope } from '../../gpu/scope.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { read } from '../../ops/leaf.ts';
import { randomSigns } from '../../ops/randomSigns.ts';
import { store } from '../../ops/state/store.ts';
import { purpose } from '../../random/purpose.ts';
import { byItself, type Measurement } from '../measurement.ts';
import type { Point } from '../pass.ts';
import { type Estimate, estimateFrom, type Probes } from '../statistics/estimate.ts';
import { exactTrace } from './hessianTrace.ts';
import type { CurvatureKind } from './operator.ts';
import { parameterMask } from './parameterMask.ts';
import { QuadraticForms } from './quadraticForms.ts';
import { Samples } from './samples.ts';
import { vectorsAtOnce } from './vectorsAtOnce.ts';

/** How a trace is found: by random signs, or exactly by the second derivative along every coordinate. */
export interface TraceOptions extends Probes {
  readonly exact: boolean;
}

/** The trace of the Hessian, or of another matrix of second order, by Hutchinson's probes or exactly. */
export function curvatureTrace(
  kind: CurvatureKind,
  { exact, ...probes }: TraceOptions,
): Measurement<Estimate> {
  return byItself(({ gpu, point }) =>
    exact ? exactTrace(gpu, point, kind) : probedTrace(gpu, point, kind, probes),
  );
}

/** vᵀAv of vectors v of random signs (Hutchinson's probes of tr A), of variance 2(|A|² − Σ Aᵢᵢ²) each: as many side by side as go. */
function probedTrace(
  gpu: Gpu,
  point: Point,
  kind: CurvatureKind,
  { probes, seed }: Probes,
): Promise<Estimate> {
  return Scope.within(async (scope) => {
    const width = vectorsAtOnce(point, probes);
    const operator = scope.own(await QuadraticForms.open(gpu, point, width, kind));
    const { layout, directions, forms } = operator;
    const samples = scope.own(new Samples(gpu, { width, rounds: Math.ceil(probes / width) }));
    samples.begin(seed);
    const stream = {
      ...samples.stream(purpose.parameterSigns),
      mask: samples.own(parameterMask(gpu, layout)),
    };
    const draw = await samples.program('random signs', (graph) =>
      store(directions, randomSigns(graph, stream, layout.length)),
    );
    const take = await samples.program('probes', (graph) => samples.put(graph, read(graph, forms)));
    for (let done = 0; done < probes; done += width) {
      await submitAhead(gpu, [draw]);
      await operator.apply([take]);
    }
    return estimateFrom(await samples.read(probes));
  });
}
