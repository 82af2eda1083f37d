import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { randomSigns } from '../../ops/randomSigns.ts';
import { store } from '../../ops/state/store.ts';
import { unitVector } from '../../ops/unitVector.ts';
import { purpose } from '../../random/purpose.ts';
import { type Estimate, estimateFrom, type Probes } from '../statistics/estimate.ts';
import { dimension, type LinearOperator } from './operator.ts';
import { parameterMask } from './parameterMask.ts';
import { Samples } from './samples.ts';

/**
 * tr A by Hutchinson's probes: the mean of vᵀAv over vectors of random signs, of variance 2(|A|² − Σ Aᵢᵢ²)/probes. Compiled
 * once; nothing is read back but the probes' values.
 */
export class TraceEstimator {
  readonly #gpu: Gpu;
  readonly #operator: LinearOperator;
  readonly #samples: Samples;
  readonly #draw: Program;
  readonly #forms: Program;

  private constructor(gpu: Gpu, operator: LinearOperator, samples: Samples, draw: Program, forms: Program) {
    this.#gpu = gpu;
    this.#operator = operator;
    this.#samples = samples;
    this.#draw = draw;
    this.#forms = forms;
  }

  /** @param most probes of one estimate, at the most */
  static open(gpu: Gpu, operator: LinearOperator, most: number): Promise<TraceEstimator> {
    const { layout, directions } = operator;
    return Scope.make(async (scope) => {
      const samples = scope.own(new Samples(gpu, most + directions.length));
      const mask = samples.own(parameterMask(gpu, layout));
      const draw = await samples.program('random signs', (graph) => {
        const stream = { ...samples.stream(purpose.parameterSigns), mask };
        directions.forEach((direction, i) => {
          store(direction, randomSigns(graph, stream, layout.length, i));
        });
      });
      return new TraceEstimator(gpu, operator, samples, draw, await samples.quadraticForms(operator));
    });
  }

  async estimate({ probes, seed }: Probes): Promise<Estimate> {
    this.#samples.begin(seed);
    for (let done = 0; done < probes; done += this.#operator.directions.length) {
      await submitAhead(this.#gpu, [this.#draw]);
      await this.#operator.apply([this.#forms]);
    }
    return estimateFrom(await this.#samples.read(probes));
  }

  dispose(): void {
    this.#samples.dispose();
  }
}

/** tr A by Hutchinson's probes, once. */
export async function estimateTrace(gpu: Gpu, operator: LinearOperator, probes: Probes): Promise<Estimate> {
  const estimator = await TraceEstimator.open(gpu, operator, probes.probes);
  try {
    return await estimator.estimate(probes);
  } finally {
    estimator.dispose();
  }
}

/**
 * The diagonal of A, [P] without what lies between the tensors: P products, as many in a pass as the operator has
 * directions. Nothing is uploaded or read back between them.
 */
export async function diagonalOf(gpu: Gpu, operator: LinearOperator): Promise<Float32Array> {
  const { layout, directions } = operator;
  const P = dimension(layout);
  const samples = new Samples(gpu, P + directions.length);
  try {
    const places = samples.own(new State(gpu, { label: 'coordinates', shape: [P], dtype: 'u32' }));
    const coordinates = layout.entries.flatMap(({ offset, elements }) =>
      Array.from({ length: elements }, (_, i) => offset + i),
    );
    places.write(Uint32Array.from(coordinates));
    const draw = await samples.program('unit vectors', (graph) => {
      const along = { places, counters: samples.counters };
      directions.forEach((direction, i) => {
        store(direction, unitVector(graph, along, layout.length, i));
      });
    });
    const forms = await samples.quadraticForms(operator);
    for (let done = 0; done < P; done += directions.length) {
      await submitAhead(gpu, [draw]);
      await operator.apply([forms]);
    }
    return Float32Array.from(await samples.read(P));
  } finally {
    samples.dispose();
  }
}

/** tr A from every coordinate: P products. */
export async function exactTrace(gpu: Gpu, operator: LinearOperator): Promise<Estimate> {
  const diagonal = await diagonalOf(gpu, operator);
  return { value: diagonal.reduce((sum, value) => sum + value, 0), stderr: 0, probes: diagonal.length };
}
