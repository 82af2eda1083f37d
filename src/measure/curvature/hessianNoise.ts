import { z } from 'zod';
import { FIRST_BY_DEFAULT } from '../firstExamples.ts';
import type { InstrumentKind } from '../instrument.ts';
import { withoutNonFinite } from '../nonFinite.ts';
import type { CurvatureNoise } from '../statistics/curvatureNoise.ts';
import { namedEstimate } from '../statistics/measured.ts';
import { type NoiseOfFirstOptions, noiseOfFirst } from './noiseOfFirst.ts';

const options = z.strictObject({
  examples: z.int().min(1).default(FIRST_BY_DEFAULT),
  probes: z.int().min(2).max(16).default(2),
});

/** The noise scale B_noise and the largest useful step ε_max by Hessian products, as an instrument. */
export const hessianNoise: InstrumentKind<NoiseOfFirstOptions> = {
  type: 'hessian_noise',
  options: (given) => options.parse(given),
  make: (asked, schedule) => ({
    type: 'hessian_noise',
    schedule,
    unitSize: null,
    quantity: noiseOfFirst(asked),
    follow: () => (found: CurvatureNoise) => {
      const { gHg, traceHessianCovariance: trace, bNoise, epsMax, deltaLossMax } = found;
      return withoutNonFinite({
        ...namedEstimate('gHg', gHg),
        ...namedEstimate('traceHessianCovariance', trace),
        traceHessianCovarianceProbeStderr: trace.probeStderr,
        ...namedEstimate('bNoise', bNoise),
        bNoiseProbeStderr: bNoise.probeStderr,
        ...namedEstimate('epsMax', epsMax),
        ...namedEstimate('deltaLossMax', deltaLossMax),
      }).result;
    },
  }),
  shown: [
    {
      key: 'bNoise',
      symbol: 'B_{noise}',
      name: 'Noise scale',
      equation: 'B_{noise} = tr(HΣ) / G · HG',
      meaning:
        'The batch size at which the gradient’s noise costs as much progress as its signal makes, curvature taken into account. Of the first examples of the training set, tr(HΣ) by random vectors.',
      source: 'McCandlish et al. 2018, eq. 2.8',
      log: true,
      scatters: false,
    },
    {
      key: 'epsMax',
      symbol: 'ε_{max}',
      name: 'Best step size without noise',
      equation: 'ε_{max} = |G|² / G · HG',
      meaning:
        'The step along the gradient that lowers the loss of the first examples most, by the loss’s second order there. Steps beyond twice as far raise it.',
      source: 'McCandlish et al. 2018, eq. 2.6',
      log: true,
      scatters: false,
    },
  ],
};
