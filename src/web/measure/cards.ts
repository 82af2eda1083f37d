import { instruments } from '../../measure/instruments.ts';
import type { SharpnessResult } from '../../measure/sharpness/sharpnessResult.ts';
import type { Interval } from '../../measure/statistics/interval.ts';
import { formatCount, formatNumber } from '../../present/formatNumber.ts';
import { type EstimateKey, MATRICES, type MeasureResult, spectrumOf } from './measureResult.ts';

/** One number for people. */
export interface Card {
  /** In the result: `hessian.trace`. */
  readonly key: string;
  /** As formulas write it; `_{x}` sets x below the line. */
  readonly symbol: string;
  readonly name: string;
  /** Null where it cannot be had: `warnings` say why. */
  readonly value: number | null;
  /** Its standard error; undefined for a number that is no estimate. */
  readonly stderr?: number | null;
  /** 95 %; undefined where there is none. */
  readonly interval?: Interval | null;
  readonly unit?: string;
  /** What it says, in a sentence; `_{x}` sets x below the line. */
  readonly meaning: string;
  /** More of it in the documentation. */
  readonly href: string;
}

export interface CardGroup {
  readonly title: string;
  readonly cards: readonly Card[];
}

const DOCS = {
  noise: './docs/glossary.html#noise',
  curvature: './docs/glossary.html#curvature',
  reports: './docs/measure.html#what-it-reports',
  spectrum: './docs/measure.html#eigenvalues-and-density',
  vectors: './docs/measure.html#what-vectors-cost',
  sharpness: './docs/sharpness.html',
} as const;

/** The numbers of a measurement, those that were asked for. */
export function measureCards(result: MeasureResult): CardGroup[] {
  const groups = [
    { title: 'Gradient and its noise', cards: noiseCards(result) },
    { title: 'Curvature along the gradient, and in its noise', cards: curvatureCards(result) },
    { title: 'Spectrum', cards: spectrumCards(result) },
    { title: 'Tests of the gradient over all these examples', cards: testCards(result) },
    { title: 'Signal-to-noise ratio', cards: signalCards(result) },
    { title: 'Further quantities', cards: quantityCards(result) },
  ];
  return groups.filter(({ cards }) => cards.length > 0);
}

function estimate(
  result: MeasureResult,
  key: EstimateKey,
  rest: Pick<Card, 'symbol' | 'name' | 'meaning' | 'href' | 'unit'>,
): Card {
  return {
    key,
    value: result[key],
    stderr: result[`${key}Stderr`],
    interval: result[`${key}Interval`],
    ...rest,
  };
}

function noiseCards(result: MeasureResult): Card[] {
  const { loss, gradNormSq, bSimple, bSimpleResolved, units } = result;
  const unit = units === undefined ? 'examples' : 'units';
  return [
    {
      key: 'loss',
      symbol: 'L(θ)',
      name: 'Loss',
      value: loss,
      meaning: `Mean over ${formatCount(result.examples)} examples; Dropout drops nothing.`,
      href: DOCS.reports,
    },
    {
      key: 'gradNormSq',
      symbol: '|ḡ|²',
      name: 'Squared norm of the mean gradient',
      value: gradNormSq,
      meaning: `Of these ${unit}; what is noise of it is still in it.`,
      href: DOCS.reports,
    },
    estimate(result, 'gradNormSqUnbiased', {
      symbol: '|G|²',
      name: 'Signal',
      meaning: `The true gradient’s squared norm: |ḡ|² less tr Σ/N. Where the interval holds 0, these ${unit} cannot tell the gradient from none.`,
      href: DOCS.noise,
    }),
    estimate(result, 'traceCovariance', {
      symbol: 'tr Σ',
      name: 'Noise',
      meaning: `How much single gradients scatter, over all parameters together. A batch of B ${unit} has tr Σ/B of it.`,
      href: DOCS.noise,
    }),
    estimate(result, 'bSimple', {
      symbol: 'B_{simple}',
      name: 'Simple noise scale',
      unit,
      meaning:
        bSimple === null
          ? 'The batch at which noise and signal are of one size.'
          : bSimpleResolved
            ? `At a batch of ${formatNumber(bSimple, 2)} noise and signal are of one size: far smaller ones cost steps, far larger ones cost ${unit}.`
            : `Not resolved: these ${unit} do not tell signal from noise well enough for a number.`,
      href: DOCS.noise,
    }),
  ];
}

function curvatureCards(result: MeasureResult): Card[] {
  const { epsMax, bNoise, traceHessianCovarianceProbeStderr: ofProbes } = result;
  const probes =
    typeof ofProbes === 'number'
      ? ` Of its error ${formatNumber(ofProbes, 2)} is of the random vectors.`
      : '';
  const unit = result.units === undefined ? 'examples' : 'units';
  return [
    estimate(result, 'gHg', {
      symbol: 'G·HG',
      name: 'Curvature along the gradient',
      meaning:
        'By how much the slope falls along a step: ½ε² G·HG is what a step of rate ε loses of its gain.',
      href: DOCS.curvature,
    }),
    estimate(result, 'epsMax', {
      symbol: 'ε_{max}',
      name: 'Best rate of one exact step',
      meaning:
        epsMax !== null && epsMax > 0
          ? `A step of the exact gradient gains most at ε = ${formatNumber(epsMax, 2)}, and nothing at twice that.`
          : 'The loss does not curve upwards along the gradient, so no rate is best.',
      href: DOCS.noise,
    }),
    estimate(result, 'deltaLossMax', {
      symbol: 'ΔL_{max}',
      name: 'Gain of that step',
      meaning: 'By how much the loss falls in it, to second order.',
      href: DOCS.noise,
    }),
    estimate(result, 'traceHessianCovariance', {
      symbol: 'tr(HΣ)',
      name: 'Curvature that the noise meets',
      meaning: `The noise of a batch of B adds ε² tr(HΣ)/(2B) to the loss in a step.${probes}`,
      href: DOCS.noise,
    }),
    estimate(result, 'bNoise', {
      symbol: 'B_{noise}',
      name: 'Noise scale',
      unit,
      meaning:
        bNoise !== null && bNoise > 0
          ? `At a batch of ${formatNumber(bNoise, 2)} a step gains half of what the exact gradient’s would; at B the best rate is ε_{max}/(1 + B_{noise}/B).`
          : 'The batch at which a step gains half of what the exact gradient’s would.',
      href: DOCS.noise,
    }),
  ];
}

function spectrumCards(result: MeasureResult): Card[] {
  const found = spectrumOf(result);
  if (!found) return [];
  const { key, spectrum } = found;
  const of = MATRICES[key];
  const cards: Card[] = [];
  const [largest, smallest] = [spectrum.eigenvalues?.[0], spectrum.smallest?.[0]];
  if (largest) {
    const stable = key === 'hessian' && largest.value > 0;
    cards.push({
      key: `${key}.eigenvalues.0.value`,
      symbol: 'λ_{max}',
      name: `Largest eigenvalue of the ${of}`,
      value: largest.value,
      meaning: `${stable ? `Gradient descent is stable below ε = 2/λ_{max} = ${formatNumber(2 / largest.value, 3)}. ` : ''}Residual |Hv − λv| = ${formatNumber(largest.residual, 2)}.`,
      href: DOCS.spectrum,
    });
  }
  if (smallest) {
    cards.push({
      key: `${key}.smallest.0.value`,
      symbol: 'λ_{min}',
      name: `Smallest eigenvalue of the ${of}`,
      value: smallest.value,
      meaning: `${smallest.value < 0 ? 'The loss curves downwards along its vector. ' : ''}Residual |Hv − λv| = ${formatNumber(smallest.residual, 2)}.`,
      href: DOCS.spectrum,
    });
  }
  if (spectrum.trace) {
    const { value, stderr, probes } = spectrum.trace;
    cards.push({
      key: `${key}.trace.value`,
      symbol: key === 'hessian' ? 'tr H' : 'tr',
      name: `Trace of the ${of}`,
      value,
      stderr,
      meaning: `The sum of all eigenvalues, ${formatNumber(value / result.parameters, 2)} each on average${probes === undefined ? '' : `; from ${formatCount(probes)} random vectors`}.`,
      href: DOCS.vectors,
    });
  }
  if (spectrum.logDeterminant !== undefined) {
    cards.push({
      key: `${key}.logDeterminant.value`,
      symbol: 'ln det',
      name: `Log-determinant of the ${of}, shifted`,
      value: spectrum.logDeterminant?.value ?? null,
      stderr: spectrum.logDeterminant?.stderr ?? null,
      meaning: 'Of the matrix plus the shift times the identity, by the quadrature of the density.',
      href: DOCS.spectrum,
    });
  }
  return cards;
}

const TESTS = {
  norm: [
    'Norm test',
    'The error of ḡ over its length, √(tr Σ/(N|ḡ|²)) (Byrd et al. 2012): below 1 the signal outweighs it.',
  ],
  innerProduct: [
    'Inner-product test',
    'That part of the error that lies along ḡ; the usual bound is 0.9 (Bollapragada et al. 2018).',
  ],
  orthogonality: [
    'Orthogonality test',
    'That part that lies across ḡ; the usual bound is tan 80° = 5.67 (Bollapragada et al. 2018).',
  ],
} as const;

function testCards({ gradientTests: found }: MeasureResult): Card[] {
  if (!found) return [];
  return (Object.keys(TESTS) as (keyof typeof TESTS)[]).map((key) => ({
    key: `gradientTests.${key}.value`,
    symbol: { norm: 'θ', innerProduct: 'θ_{∥}', orthogonality: 'ν' }[key],
    name: TESTS[key][0],
    value: found[key].value,
    stderr: found[key].stderr,
    meaning: TESTS[key][1],
    href: DOCS.noise,
  }));
}

const RATIOS = [
  [
    'overallUnbiased',
    '|G|²/tr Σ',
    'All parameters together',
    'Signal over noise, the inverse of B_{simple}.',
  ],
  [
    'meanUnbiased',
    'mean G_{d}²/Σ_{dd}',
    'Mean over single parameters',
    'Each parameter’s own signal over its own noise.',
  ],
  [
    'evidence',
    'evidence',
    'Evidence that training is over',
    'Positive where no parameter’s mean gradient stands out of its noise (Mahsereci et al. 2017).',
  ],
] as const;

function signalCards({ signalToNoise: found }: MeasureResult): Card[] {
  if (!found) return [];
  return RATIOS.map(([key, symbol, name, meaning]) => ({
    key: `signalToNoise.${key}.value`,
    symbol,
    name,
    ...found[key],
    meaning,
    href: DOCS.reports,
  }));
}

function quantityCards({ quantities = {} }: MeasureResult): Card[] {
  return Object.entries(quantities).flatMap(([type, told]) => {
    const shown = instruments.find((kind) => kind.type === type)?.shown ?? [];
    return shown.map(
      ({ key, symbol, name, equation }): Card => ({
        key: `quantities.${type}.${key}`,
        symbol,
        name,
        value: told[key] as number | null,
        meaning: `${equation}, of all these examples as one batch.`,
        href: DOCS.curvature,
      }),
    );
  });
}

/** The numbers of a point's sharpness that are no list. */
export function sharpnessCards({ gradNorm, sam, adaptive, keskar }: SharpnessResult): CardGroup {
  const boxes = keskar.map(
    ({ epsilon, subspace, phi, phiFirstOrder, solver }, k): Card => ({
      key: `keskar.${k}.phi`,
      symbol: 'φ',
      name: `Keskar’s φ, ε = ${formatNumber(epsilon)}${subspace === null ? '' : `, ${formatCount(subspace)} random dimensions`}`,
      value: phi,
      unit: '%',
      meaning: `The loss rises by at least so much of 1 + L within the box, ${formatNumber(phiFirstOrder, 2)} % by the gradient alone; found by ${solver === 'sign-ascent' ? 'sign ascent' : 'L-BFGS-B'}.`,
      href: DOCS.sharpness,
    }),
  );
  return {
    title: 'Sharpness',
    cards: [
      ...boxes,
      {
        key: 'sam.value',
        symbol: 'SAM',
        name: `Rise by SAM’s step, ρ = ${formatNumber(sam.rho)}`,
        value: sam.value,
        meaning: `Of the loss, ρ along the gradient, whose norm is ${formatNumber(gradNorm, 3)} (Foret et al. 2021).`,
        href: DOCS.sharpness,
      },
      {
        key: 'adaptive.value',
        symbol: 'ASAM',
        name: `Rise by ASAM’s step, ρ = ${formatNumber(adaptive.rho)}`,
        value: adaptive.value,
        meaning: `Of the loss, in units of the parameters’ sizes plus η = ${formatNumber(adaptive.eta)} (Kwon et al. 2021).`,
        href: DOCS.sharpness,
      },
    ],
  };
}
