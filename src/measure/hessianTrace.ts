import type { Gpu } from '../gpu/device.ts';
import type { Program } from '../gpu/program.ts';
import { State } from '../gpu/state.ts';
import { submitAhead } from '../gpu/submitAhead.ts';
import { purpose } from '../nn/purpose.ts';
import { randomSigns } from '../ops/randomSigns.ts';
import { store } from '../ops/store.ts';
import { type Estimate, estimateFrom, type Probes } from './estimate.ts';
import type { LinearOperator } from './operator.ts';
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
  static async open(gpu: Gpu, operator: LinearOperator, most: number): Promise<TraceEstimator> {
    const { layout, directions } = operator;
    const samples = new Samples(gpu, most + directions.length);
    const mask = samples.own(parameterMask(gpu, layout));
    const draw = await samples.program('random signs', (graph) => {
      const stream = { ...samples.stream(purpose.parameterSigns), mask };
      directions.forEach((direction, i) => {
        store(direction, randomSigns(graph, stream, layout.length, i));
      });
    });
    return new TraceEstimator(gpu, operator, samples, draw, await samples.quadraticForms(operator));
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

/** The diagonal of A, [P] without what lies between the tensors: P products, nothing read back between them. */
export async function diagonalOf(gpu: Gpu, operator: LinearOperator): Promise<Float32Array> {
  const { layout, directions, products } = operator;
  const places = layout.entries.flatMap(({ offset, elements }) =>
    Array.from({ length: elements }, (_, i) => offset + i),
  );
  const diagonal = new State(gpu, { label: 'diagonal', shape: [places.length] });
  try {
    for (let first = 0; first < places.length; first += directions.length) {
      const group = places.slice(first, first + directions.length);
      const before = gpu.device.createCommandEncoder({ label: 'unit vectors' });
      for (const { buffer } of directions) before.clearBuffer(buffer);
      gpu.device.queue.submit([before.finish()]);
      group.forEach((place, i) => {
        directions[i]!.write(Float32Array.of(1), { at: place });
      });
      await operator.apply();
      const after = gpu.device.createCommandEncoder({ label: 'diagonal' });
      group.forEach((place, i) => {
        after.copyBufferToBuffer(products[i]!.buffer, 4 * place, diagonal.buffer, 4 * (first + i), 4);
      });
      gpu.device.queue.submit([after.finish()]);
    }
    return await diagonal.read();
  } finally {
    diagonal.dispose();
  }
}

/** tr A from every coordinate: P products. */
export async function exactTrace(gpu: Gpu, operator: LinearOperator): Promise<Estimate> {
  const diagonal = await diagonalOf(gpu, operator);
  return { value: diagonal.reduce((sum, value) => sum + value, 0), stderr: 0, probes: diagonal.length };
}
