import { z } from 'zod';
import { FIRST_BY_DEFAULT } from '../firstExamples.ts';
import type { InstrumentKind } from '../instrument.ts';
import { withoutNonFinite } from '../nonFinite.ts';
import { type DensityOfFirstOptions, densityOfFirst } from './densityOfFirst.ts';
import { type SpectralQuadrature, spectralDensity, spectralSum } from './spectralDensity.ts';

const options = z.strictObject({
  examples: z.int().min(1).default(FIRST_BY_DEFAULT),
  starts: z.int().min(2).max(16).default(2),
  steps: z.int().min(1).max(32).default(4),
});

/** The density of the Hessian's eigenvalues as an instrument, told as `basin measure --density` does, and the trace by the same starts. */
export const density: InstrumentKind<DensityOfFirstOptions> = {
  type: 'density',
  options: (given) => options.parse(given),
  make: (asked, schedule) => ({
    type: 'density',
    schedule,
    unitSize: null,
    quantity: densityOfFirst(asked),
    follow: () => (found: SpectralQuadrature) => {
      const { value, stderr } = spectralSum(found, (node) => node);
      const told = { trace: value, traceStderr: stderr };
      return withoutNonFinite(Number.isFinite(value) ? { ...spectralDensity(found), ...told } : told).result;
    },
  }),
  shown: [
    {
      key: 'trace',
      symbol: 'tr H',
      name: 'Trace of the Hessian',
      equation: 'tr H = E [ v · Hv ]',
      meaning:
        'The sum of all eigenvalues of the Hessian of the first examples’ mean loss, by the random vectors from which their density is estimated; the result has the density.',
      source: 'Hutchinson 1990; density by stochastic Lanczos quadrature (Ubaru, Chen & Saad 2017)',
      log: false,
      scatters: false,
    },
  ],
};
