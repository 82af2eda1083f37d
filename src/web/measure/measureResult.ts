import type { SpectralDensity } from '../../measure/curvature/spectralDensity.ts';
import type { NamedHistogram } from '../../measure/gradient/histogram.ts';
import type { MeasuredSignalToNoise } from '../../measure/gradient/signalToNoise.ts';
import type { Interval } from '../../measure/statistics/interval.ts';
import type { Spread } from '../../measure/statistics/spreadOf.ts';

/** Estimates of `basin measure`, each with `…Stderr` and `…Interval` beside it. */
export type EstimateKey =
  | 'gradNormSqUnbiased'
  | 'traceCovariance'
  | 'bSimple'
  | 'gHg'
  | 'epsMax'
  | 'deltaLossMax'
  | 'traceHessianCovariance'
  | 'bNoise';

/** Matrices whose spectrum a result may have, by its keys. */
export const MATRICES = {
  hessian: 'Hessian',
  gaussNewton: 'Gauss-Newton matrix',
  empiricalFisher: 'empirical Fisher matrix',
} as const;
export type MatrixKey = keyof typeof MATRICES;

/** A number by random vectors. */
export interface Probed {
  readonly value: number;
  readonly stderr: number | null;
  readonly probes?: number;
}

export interface Eigenpair {
  readonly value: number;
  readonly residual: number;
}

export interface Spectrum {
  readonly eigenvalues?: readonly Eigenpair[];
  readonly smallest?: readonly Eigenpair[];
  readonly trace?: Probed;
  readonly density?: SpectralDensity;
  readonly logDeterminant?: Probed | null;
}

/** What `basin measure` gives as JSON (interfaces, §3). */
export type MeasureResult = {
  readonly mode: 'train' | 'eval';
  readonly examples: number;
  readonly parameters: number;
  readonly ghostBatch?: number;
  readonly units?: number;
  readonly loss: number;
  readonly perExampleLoss: readonly number[];
  readonly gradNormSq: number | null;
  readonly perExampleGradNormSq: readonly number[] | null;
  readonly bSimpleResolved: boolean | null;
  readonly traceHessianCovarianceProbeStderr?: number | null;
  readonly layers: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
  readonly gradientTests?: Readonly<Record<'norm' | 'innerProduct' | 'orthogonality', Spread>> | null;
  readonly signalToNoise?: MeasuredSignalToNoise | null;
  readonly gradientHistogram?: NamedHistogram | null;
  readonly quantities?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly warnings: readonly string[];
} & { readonly [Key in EstimateKey]: number | null } & {
  readonly [Key in EstimateKey as `${Key}Stderr`]: number | null;
} & { readonly [Key in EstimateKey as `${Key}Interval`]: Interval | null } & {
  readonly [Key in MatrixKey]?: Spectrum;
};

/** The spectrum that was measured, and whose it is. */
export function spectrumOf(
  result: MeasureResult,
): { readonly key: MatrixKey; readonly spectrum: Spectrum } | undefined {
  for (const key of Object.keys(MATRICES) as MatrixKey[]) {
    const spectrum = result[key];
    if (spectrum) return { key, spectrum };
  }
  return undefined;
}
