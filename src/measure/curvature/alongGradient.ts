import { broadcast } from '../../ops/broadcast.ts';
import type { Graph, Tensor } from '../../ops/graph.ts';
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
  /** Hḡ; null where curvature was not asked for. */
  readonly product: Float32Array | null;
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

/** What of it is wanted beside the mean. */
export interface AlongOptions {
  /** What units have of their own, for which they need gradients of their own. */
  readonly units: boolean;
  /** ⟨gₙ, ḡ⟩ */
  readonly dots: boolean;
  /** Hḡ, what of it is each unit's, and ⟨gₙ, ḡ⟩. */
  readonly hessian: boolean;
  /** ⟨gₙ, Σḡ⟩, and ⟨gₙ, ḡ⟩ */
  readonly covariance: boolean;
}

/**
 * The moments of the gradients and how each of them, and its Hessian, lies to the mean: three looks at the data, and a
 * fourth for what lies along Σḡ = Σₙ (⟨gₙ, ḡ⟩ − mean)/(N − 1)·gₙ. No per-example gradient is formed.
 */
export function alongGradient(wanted: AlongOptions): Quantity<AlongGradient> {
  return new Along(wanted);
}

class Along implements Quantity<AlongGradient> {
  readonly #wanted: AlongOptions;

  constructor(wanted: AlongOptions) {
    this.#wanted = wanted;
  }

  joined(other: Quantity<unknown>): Along | null {
    if (!(other instanceof Along)) return null;
    const [one, two] = [this.#wanted, other.#wanted];
    return new Along({
      units: one.units || two.units,
      dots: one.dots || two.dots,
      hessian: one.hessian || two.hessian,
      covariance: one.covariance || two.covariance,
    });
  }

  trace(batch: TracedBatch): Look {
    return this.#wanted.units ? ofUnits(batch, this.#wanted) : ofMean(batch, this.#wanted);
  }

  read(numbers: Numbers): AlongGradient {
    return found(numbers);
  }
}

function ofMean(batch: TracedBatch, { hessian }: AlongOptions): Look {
  const { gathering } = batch;
  const losses = gathering.rows('losses', batch.losses, 'examples');
  const mean = gathering.sum('gradient', batch.gradient(batch.meanWeights));
  return {
    values: (graph) => ({ losses: losses.in(graph), mean: mean.in(graph) }),
    next: hessian
      ? (again) => {
          const product = again.gathering.sum('product', hessianOf(again)(mean.in(again.graph)));
          return { values: (graph) => ({ product: product.in(graph) }) };
        }
      : undefined,
  };
}

function ofUnits(batch: TracedBatch, wanted: AlongOptions): Look {
  const { mean, centredSquares, normSq } = gatherMoments(batch);
  const losses = batch.gathering.rows('losses', batch.losses, 'examples');
  return {
    values: (graph) => ({
      losses: losses.in(graph),
      normSq: normSq.in(graph),
      mean: mean.in(graph),
      centredSquares: centredSquares.in(graph),
    }),
    next:
      wanted.dots || wanted.hessian || wanted.covariance
        ? (again) => alongMean(again, mean, wanted)
        : undefined,
  };
}

function alongMean(batch: TracedBatch, mean: Gathered, { hessian, covariance }: AlongOptions): Look {
  const { gathering } = batch;
  const direction = mean.in(batch.graph);
  const product = hessian ? gathering.sum('product', hessianOf(batch)(direction)) : null;
  const forms = hessian ? gathering.rows('forms', unitForms(batch, direction, direction), 'units') : null;
  const dots = gathering.rows('dots', unitSlopes(batch, direction), 'units');
  return {
    values: (graph) => ({ ...present(graph, { product, forms }), dots: dots.in(graph) }),
    next:
      product || covariance
        ? (again) => {
            const along = product && unitSlopes(again, product.in(again.graph));
            const slopes = along && again.gathering.rows('slopes', along, 'units');
            const through = covariance ? covarianceTimesMean(again, dots) : null;
            return {
              values: (graph) => present(graph, { slopes }),
              next: through ? (last) => alongCovariance(last, through) : undefined,
            };
          }
        : undefined,
  };
}

function alongCovariance(batch: TracedBatch, through: Gathered): Look {
  const along = unitSlopes(batch, through.in(batch.graph));
  const found = batch.gathering.rows('covariance dots', along, 'units');
  return { values: (graph) => ({ covarianceDots: found.in(graph) }) };
}

function present(graph: Graph, all: Readonly<Record<string, Gathered | null>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, each]) => (each ? [[name, each.in(graph)]] : [])),
  );
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
    product: of('product'),
    perExampleGradNormSq: of('normSq'),
    centredSquares: of('centredSquares'),
    dots: of('dots'),
    influence: forms && slopes && Float64Array.from(forms, (form, n) => 2 * slopes[n]! + form),
    covarianceDots: of('covarianceDots'),
  };
}
