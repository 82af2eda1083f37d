import type { Told } from '../measure/instrument.ts';
import { instruments } from '../measure/instruments.ts';
import type { Interval } from '../measure/statistics/interval.ts';
import type { Reading } from '../train/reading.ts';
import type { EvaluationEvent } from '../train/trainEvent.ts';
import { formatNumber } from './formatNumber.ts';

export type Evaluation = EvaluationEvent;
/** A quantity that is drawn over the steps: what it is called, what it means, where it is read. */
export interface Quantity {
  readonly id: string;
  /** As formulas write it; `_{x}` sets x below the line. */
  readonly symbol: string;
  readonly name: string;
  readonly equation: string;
  readonly meaning: string;
  readonly source: string;
  /** Drawn on a logarithmic axis at first. */
  readonly log: boolean;
  /** An estimate of what is positive that may itself be negative. */
  readonly signed?: boolean;
  /** Read from one mini-batch, so that single readings scatter and a running mean shows more. */
  readonly scatters: boolean;
  /** Which events carry it: every reading, those with per-example statistics, those of an instrument, or evaluations. */
  readonly from: 'reading' | 'noise' | 'instrument' | 'evaluation';
  /** null: no number is known (unresolved, not finite). undefined: not read at this step. */
  read(event: Reading | Evaluation): number | null | undefined;
  /** Its 95 % interval, where it has one. A value that is null is told by it alone. */
  readonly interval?: (event: Reading | Evaluation) => Interval | null | undefined;
}

const reading = (key: keyof Reading) => (event: Reading | Evaluation) =>
  (event as Reading)[key] as number | null | undefined;

/** In the order in which page and report show them. */
export const quantities: readonly Quantity[] = [
  {
    id: 'loss',
    symbol: 'L',
    name: 'Training loss',
    equation: 'L_{B}(θ) = (1/B) Σ_{i} ℓ_{i}(θ)',
    meaning:
      'Mean loss of the mini-batch before its update. A single reading scatters with the batch; the thick curve is a running mean where smoothing is on.',
    source: 'an unbiased estimate of L(θ)',
    log: true,
    scatters: true,
    from: 'reading',
    read: reading('loss'),
  },
  {
    id: 'accuracy',
    symbol: 'Test accuracy',
    name: 'Test accuracy',
    equation: 'accuracy = (1/N_{test}) · #{ i : argmax f(x_{i}) = y_{i} }',
    meaning:
      'Share of the examples held out from training whose class the model finds, with the weights of that step.',
    source: 'all test examples',
    log: false,
    scatters: false,
    from: 'evaluation',
    read: (event) => (event as Evaluation).accuracy,
  },
  {
    id: 'gradNormSq',
    symbol: '|G|²',
    name: 'Squared norm of the training set’s gradient',
    equation: '|G|² ≈ |ḡ|² − tr Σ (1/B − 1/N)',
    meaning:
      'The signal: G is the mean gradient of all N training examples. The squared norm of a batch’s mean gradient ḡ exceeds |G|² by tr Σ (1/B − 1/N) where batches are drawn without replacement, by tr Σ / B where each example is drawn anew (iid); here that excess is taken off. Unbiased, so single estimates may be negative where B is much smaller than the noise scale: a logarithmic axis leaves those out, one that is linear around 0 shows them.',
    source: 'McCandlish et al. 2018, appendix A.1, for a finite set',
    log: true,
    signed: true,
    scatters: true,
    from: 'noise',
    read: reading('gradNormSqOfTrainingSet'),
  },
  {
    id: 'traceCovariance',
    symbol: 'tr Σ',
    name: 'Trace of the gradients’ covariance',
    equation: 'tr Σ = Σ_{i} |g_{i} − ḡ|² / (B − 1)',
    meaning:
      'The noise. Total variance of the gradient of one example, summed over all parameters. The mean gradient of a batch of B has variance tr Σ / B.',
    source: 'McCandlish et al. 2018, section 2.2; per-example norms after Goodfellow 2015',
    log: true,
    scatters: true,
    from: 'noise',
    read: reading('traceCovariance'),
  },
  {
    id: 'bSimple',
    symbol: 'B_{simple}',
    name: 'Simple noise scale',
    equation: 'B_{simple} = tr Σ / |G|²',
    meaning:
      'The batch size at which the gradient’s noise is as strong as its signal |G|², the training set’s. Smaller batches save examples, larger ones save steps. tr Σ and |G|² are each followed over as many measurements as their drift allows, and divided once. The band is the 95 % interval at that step. It is inferred on 1/B_{simple}: where that interval reaches 0 the noise scale has no upper end, the curve breaks off and only “≥” is known. It usually grows while the loss falls.',
    source: 'McCandlish et al. 2018, eq. 2.9',
    log: true,
    scatters: false,
    from: 'noise',
    read: (event) => ((event as Reading).bSimpleResolved === false ? null : reading('bSimple')(event)),
    interval: (event) => (event as Reading).bSimpleInterval,
  },
  {
    id: 'temperature',
    symbol: 'ε/B(1 − m)',
    name: 'Temperature of SGD',
    equation: 'T ∝ ε / (B (1 − m))   for B ≪ B_{noise}',
    meaning:
      'Learning rate over batch size, times 1/(1 − m) for momentum m: a gradient moves the weights by ε(1 + m + m² + …) in all. It sets how strongly SGD’s noise shakes the weights. Near equilibrium the noise scale goes as 1/T: halving ε about doubles B_{simple}.',
    source: 'McCandlish et al. 2018, appendix C; momentum: Smith et al. 2018',
    log: false,
    scatters: false,
    from: 'reading',
    read: reading('temperature'),
  },
];

/** What a run with these instruments shows: the usual quantities, and what each of its instruments tells. */
export function quantitiesOf(asked: readonly { readonly type?: unknown }[] = []): readonly Quantity[] {
  const kinds = instruments.filter(({ type }) => asked.some((one) => one.type === type));
  return [
    ...quantities,
    ...kinds.flatMap(({ type, shown }) =>
      shown.map(
        ({ key, ...rest }): Quantity => ({
          ...rest,
          id: `${type}-${key}`,
          from: 'instrument',
          read: (event) => (event as Reading).instruments?.[type]?.[key] as number | null | undefined,
        }),
      ),
    ),
  ];
}

/** What an instrument told, for people: the symbol and the number of each that it shows. */
export function toldNumbers(type: string, told: Told): readonly (readonly [symbol: string, value: string])[] {
  const shown = instruments.find((kind) => kind.type === type)?.shown ?? [];
  return shown.map(({ key, symbol }) => [plainSymbol(symbol), formatNumber(told[key] as number | null)]);
}

/** A symbol as a terminal prints it: `B_simple`. */
function plainSymbol(symbol: string): string {
  return symbol.replace(/\{([^}]*)\}/g, '$1');
}
