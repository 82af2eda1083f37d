import type { Gpu } from '../gpu/device.ts';
import { type Held, Scope } from '../gpu/scope.ts';
import { State } from '../gpu/state.ts';
import { InputError } from '../host/inputError.ts';
import { Uses } from '../host/uses.ts';
import { describeLayers } from '../nn/describeLayers.ts';
import { flatValues } from '../nn/flatValues.ts';
import { type GivenTensors, givenTensors } from '../nn/givenTensors.ts';
import { type ModelSpec, stateDictLayout } from '../nn/modelSpec.ts';
import { loadStateDict } from '../nn/stateDict.ts';
import { dimension } from '../ops/flat.ts';
import { type Curvature, curvature } from './curvature/curvature.ts';
import { type ExampleRows, losses, outputs } from './gradient/exampleLosses.ts';
import { gradientInto } from './gradient/gradientInto.ts';
import { type FoundBy, isMeasurable, type Measurement } from './measurement.ts';
import { type Measurements, measureOver } from './measureOver.ts';
import { meanOverUnits } from './noise.ts';
import { type ParameterVector, parameterVector, type VectorOwner } from './parameterVector.ts';
import { type Point, unitsOf } from './pass.ts';
import type { Quantity } from './quantity.ts';
import { type RandomVector, randomParameters } from './randomParameters.ts';
import { requireFiniteLosses } from './requireFiniteLosses.ts';
import { requireUnits } from './requireUnits.ts';
import { VectorProducts } from './vectorProducts.ts';

let make: (gpu: Gpu, point: Point, owned: Held) => ModelPoint;

/**
 * A point as what is asked of it.
 * @param owned is freed with it: its parameters, running statistics and examples where they are its own
 */
export function modelPoint(gpu: Gpu, point: Point, owned: Held): ModelPoint {
  return make(gpu, point, owned);
}

/**
 * A model at one point and the data it is measured on, in device memory: what is asked of it is of the mean loss over all examples. Made
 * by `point`, or of a run by its `point`. Its vectors and matrices are freed with it.
 * @example
 * using at = await point(gpu, { model, weights, data });
 * const g = await at.gradient();
 * const Hg = await at.hessian().times(g);
 * const epsMax = (await g.dot(g)) / (await g.dot(Hg));
 * const { bSimple, bNoise } = await at.measure(noise());
 */
export class ModelPoint {
  readonly #gpu: Gpu;
  readonly #point: Point;
  readonly #scope = new Scope();
  readonly #ofVectors: VectorOwner;
  readonly #vectors = new Set<ParameterVector>();
  /** One of each kind: it compiles once. */
  readonly #curvatures = new Map<Curvature['kind'], Curvature>();
  readonly #uses = new Uses('point');

  static {
    make = (gpu, point, owned) => new ModelPoint(gpu, point, owned);
  }

  private constructor(gpu: Gpu, point: Point, owned: Held) {
    this.#gpu = gpu;
    this.#point = point;
    this.#scope.own(owned);
    this.#ofVectors = {
      products: this.#scope.own(new VectorProducts(gpu, point.layout.length)),
      uses: this.#uses,
      freed: (vector) => this.#vectors.delete(vector),
    };
  }

  /** The model, by PyTorch's names. */
  get model(): ModelSpec {
    return this.#point.model;
  }

  /** `train`: BatchNorm normalises by the batch; `eval`: by its running statistics. */
  get mode(): 'train' | 'eval' {
    return this.#point.context.mode;
  }

  /** After how many steps of a run, null where the weights are of none. */
  get step(): number | null {
    return this.#point.step ?? null;
  }

  /** N, the examples. */
  get examples(): number {
    return this.#point.examples.examples;
  }

  /** Over how many the loss is a mean: examples, or ghost batches; 1 where BatchNorm in train mode couples all examples. */
  get units(): number {
    return unitsOf(this.#point);
  }

  /** P, the parameters. */
  get parameters(): number {
    return dimension(this.#point.layout);
  }

  /**
   * Measures quantities over all examples: one, or several by name, which share the passes over the data.
   * @example
   * const { bSimple } = await at.measure(noise());
   * const { noise: n, tests } = await at.measure({ noise: noise(), tests: measure.gradientTests() });
   * @throws InputError for a loss that is not finite, and for what the point's units do not have, by name
   */
  measure<Found>(of: Quantity<Found> | Measurement<Found>): Promise<Found>;
  measure<M extends Measurements>(of: M): Promise<FoundBy<M>>;
  measure(of: Quantity<unknown> | Measurement<unknown> | Measurements): Promise<unknown> {
    return this.#uses.during(async () => {
      if (!isMeasurable(of)) return measureOver(this.#gpu, this.#point, of);
      return (await measureOver(this.#gpu, this.#point, { found: of })).found;
    });
  }

  /**
   * The mean loss over the examples; with ghost batches the mean over these of theirs.
   * @throws InputError for a loss that is not finite, naming the example
   */
  async loss(): Promise<number> {
    const found = await this.measure(losses);
    requireFiniteLosses(this.#point, found);
    return meanOverUnits(found, this.#point.ghostBatch ?? 1);
  }

  /**
   * What the model answers to each example, logits where the loss is cross-entropy, in the point's order: row-major, on the host.
   * BatchNorm goes by the point's mode.
   */
  outputs(): Promise<ExampleRows> {
    return this.measure(outputs());
  }

  /**
   * ∇ of the mean loss: a new vector, [P].
   * @throws InputError for a loss that is not finite, naming the example
   */
  gradient(): Promise<ParameterVector> {
    const make = async (scope: Scope): Promise<ParameterVector> => {
      const state = scope.own(this.#flat('gradient'));
      requireFiniteLosses(this.#point, await gradientInto(this.#gpu, this.#point, state));
      return this.#own(state);
    };
    return this.#uses.during(() => Scope.make(make));
  }

  /** The weights of the point: a copy, [P]. */
  weights(): ParameterVector {
    this.#uses.requireHeld();
    return this.#made('weights', (state) => {
      state.copyFrom(this.#point.theta);
    });
  }

  /**
   * A vector of one's own: by the parameters' names, flat [P] in their order, or random by a seed.
   * @example
   * at.vector({ '0.weight': new Float32Array(784 * 128), '0.bias': new Float32Array(128) });
   * at.vector({ random: 'normal', seed: 1 });
   * @throws InputError for missing or unknown names, wrong shapes, and numbers that are not finite
   */
  vector(values: GivenTensors | Float32Array | RandomVector): ParameterVector {
    this.#uses.requireHeld();
    const flat = this.#values(values);
    return this.#made('vector', (state) => state.write(flat));
  }

  /** H, the Hessian of the mean loss. */
  hessian(): Curvature {
    return this.#curvature('hessian');
  }

  /** JᵀH_outJ, the Gauss-Newton matrix; for cross-entropy the Fisher information. */
  gaussNewton(): Curvature {
    return this.#curvature('gauss-newton');
  }

  /**
   * The mean of gₙgₙᵀ over the examples (units).
   * @throws InputError where units have no gradients of their own
   */
  empiricalFisher(): Curvature {
    requireUnits('empiricalFisher', this.#point);
    return this.#curvature('empirical-fisher');
  }

  #curvature(kind: Curvature['kind']): Curvature {
    this.#uses.requireHeld();
    const known = this.#curvatures.get(kind);
    if (known) return known;
    const made = curvature(this.#gpu, this.#point, kind, {
      uses: this.#uses,
      own: (state) => this.#own(state),
      freed: () => this.#curvatures.delete(kind),
    });
    this.#curvatures.set(kind, made);
    return made;
  }

  #values(values: GivenTensors | Float32Array | RandomVector): Float32Array {
    const { layout, model } = this.#point;
    if (isRandom(values)) return randomParameters(layout, values);
    const parameters = stateDictLayout(model).filter(({ kind }) => kind === 'parameter');
    const named = values instanceof Float32Array ? this.#split(values) : values;
    const tensors = givenTensors('vector', named, parameters);
    return flatValues(layout, loadStateDict('vector', tensors, parameters, { hints: null }));
  }

  /** A flat vector by name. */
  #split(flat: Float32Array): Map<string, Float32Array> {
    if (flat.length !== this.parameters) {
      throw new InputError('vector', 'values', `found ${flat.length} numbers, expected ${this.parameters}`);
    }
    let at = 0;
    return new Map(
      this.#point.layout.entries.map(({ name, elements }) => {
        const part = flat.subarray(at, at + elements);
        at += elements;
        return [name, part];
      }),
    );
  }

  #flat(label: string): State {
    return new State(this.#gpu, { label, shape: [this.#point.layout.length] });
  }

  #made(label: string, write: (state: State) => void): ParameterVector {
    return Scope.makeNow((scope) => {
      const state = scope.own(this.#flat(label));
      write(state);
      return this.#own(state);
    });
  }

  #own(state: State): ParameterVector {
    this.#uses.requireHeld();
    const { layout } = this.#point;
    const vector = parameterVector(layout, state, this.#ofVectors);
    this.#vectors.add(vector);
    return vector;
  }

  /** The model, the data and the step of a run: a line. */
  toString(): string {
    const { source, ghostBatch, step } = this.#point;
    const size = `${this.examples} examples${source ? ` of ${source.name}` : ''}`;
    const units = ghostBatch === undefined ? '' : `, ${this.units} units of ${ghostBatch}`;
    const after = step === undefined ? '' : `, after ${step} steps`;
    return `point: ${describeLayers(this.model)}, ${this.parameters} parameters${after}; ${size}${units}, ${this.mode} mode`;
  }

  /**
   * Frees all that the point holds on the device, its vectors and matrices too: at once, or when what was asked for before is done. A
   * second call does nothing.
   */
  dispose(): void {
    this.#uses.dispose(() => {
      for (const vector of this.#vectors) vector.dispose();
      for (const matrix of this.#curvatures.values()) matrix.dispose();
      this.#scope.dispose();
    });
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function isRandom(values: unknown): values is RandomVector {
  return typeof (values as Partial<RandomVector> | null)?.random === 'string';
}
