import { broadcast } from '../../ops/broadcast.ts';
import { scale } from '../../ops/scale.ts';
import { subtract } from '../../ops/subtract.ts';
import { mean as meanOf } from '../../ops/sum.ts';
import { unitSlopes } from '../gradient/directionalDerivatives.ts';
import { gatherMoments } from '../gradient/gradientMoments.ts';
import type { Look, Numbers, Quantity } from '../quantity.ts';
import type { Gathered, TracedBatch } from '../tracedBatch.ts';
import { hessianOf } from './hessianProduct.ts';
import { unitForms } from './unitForms.ts';

/** The gradients over a data set, and what lies along their mean. Flat vectors are [P]; null where units have no gradients. */
export interface AlongGradient {
  /** [N], of examples also where a unit is a ghost batch. */
  readonly perExampleLoss: Float32Array;
  /** ḡ */
  readonly mean: Float32Array;
  /** Hḡ */
  readonly product: Float32Array;
  /** |gₙ|² [units] */
  readonly perExampleGradNormSq: Float32Array | null;
  /** Σₙ (gₙ − ḡ)² of every coordinate. */
  readonly centredSquares: Float32Array | null;
  /** ⟨gₙ, ḡ⟩ [units] */
  readonly dots: Float32Array | null;
  /** 2⟨gₙ, Hḡ⟩ + ḡᵀHₙḡ [units]: but for a constant, N times what ḡᵀHḡ gains by example n. */
  readonly influence: Float64Array | null;
  /** ⟨gₙ, Σḡ⟩ [units], where it was asked for. */
  readonly covarianceDots: Float32Array | null;
}

/**
 * The moments of the gradients and how each of them, and its Hessian, lies to the mean: three looks at the data, and a
 * fourth for what lies along Σḡ = Σₙ (⟨gₙ, ḡ⟩ − mean)/(N − 1)·gₙ. No per-example gradient is formed.
 * @param options.units whether units have gradients of their own; else there is the mean alone
 * @param options.covariance whether ⟨gₙ, Σḡ⟩ is wanted
 */
export function alongGradient({
  units: hasUnits,
  covariance,
}: {
  readonly units: boolean;
  readonly covariance: boolean;
}): Quantity<AlongGradient> {
  return {
    trace: (batch) => (hasUnits ? ofUnits(batch, covariance) : ofMean(batch)),
    read: (numbers) => found(numbers),
  };
}

function ofMean(batch: TracedBatch): Look {
  const { gathering } = batch;
  const losses = gathering.rows('losses', batch.losses, 'examples');
  const mean = gathering.sum('gradient', batch.gradient(batch.meanWeights));
  return {
    values: (graph) => ({ losses: losses.in(graph), mean: mean.in(graph) }),
    next(again) {
      const product = again.gathering.sum('product', hessianOf(again)(mean.in(again.graph)));
      return { values: (graph) => ({ product: product.in(graph) }) };
    },
  };
}

function ofUnits(batch: TracedBatch, covariance: boolean): Look {
  const { mean, centredSquares, normSq } = gatherMoments(batch);
  const losses = batch.gathering.rows('losses', batch.losses, 'examples');
  return {
    values: (graph) => ({
      losses: losses.in(graph),
      normSq: normSq.in(graph),
      mean: mean.in(graph),
      centredSquares: centredSquares.in(graph),
    }),
    next: (again) => alongMean(again, mean, covariance),
  };
}

function alongMean(batch: TracedBatch, mean: Gathered, covariance: boolean): Look {
  const { gathering } = batch;
  const direction = mean.in(batch.graph);
  const product = gathering.sum('product', hessianOf(batch)(direction));
  const forms = gathering.rows('forms', unitForms(batch, direction, direction), 'units');
  const dots = gathering.rows('dots', unitSlopes(batch, direction), 'units');
  return {
    values: (graph) => ({ product: product.in(graph), forms: forms.in(graph), dots: dots.in(graph) }),
    next(again) {
      const slopes = again.gathering.rows('slopes', unitSlopes(again, product.in(again.graph)), 'units');
      const through = covariance ? covarianceTimesMean(again, dots) : null;
      return {
        values: (graph) => ({ slopes: slopes.in(graph) }),
        next: through
          ? (last) => {
              const along = unitSlopes(last, through.in(last.graph));
              const found = last.gathering.rows('covariance dots', along, 'units');
              return { values: (graph) => ({ covarianceDots: found.in(graph) }) };
            }
          : undefined,
      };
    },
  };
}

/** Σḡ, Σ with divisor N − 1: one reweighted backward pass. */
function covarianceTimesMean(batch: TracedBatch, dots: Gathered): Gathered {
  const { gathering, graph, units } = batch;
  const here = gathering.rowsOf(dots);
  const centre = broadcast(meanOf(dots.in(graph)), [units], { from: 0, to: 1 });
  const weights = scale(subtract(here, centre), 1 / (gathering.units - 1));
  return gathering.sum('covariance times mean', batch.gradient(batch.weigh(weights)));
}

function found(numbers: Numbers): AlongGradient {
  const of = (name: string): Float32Array | null => (numbers[name] as Float32Array | undefined) ?? null;
  const [forms, slopes] = [of('forms'), of('slopes')];
  return {
    perExampleLoss: of('losses')!,
    mean: of('mean')!,
    product: of('product')!,
    perExampleGradNormSq: of('normSq'),
    centredSquares: of('centredSquares'),
    dots: of('dots'),
    influence: forms && slopes && Float64Array.from(forms, (form, n) => 2 * slopes[n]! + form),
    covarianceDots: of('covarianceDots'),
  };
}
