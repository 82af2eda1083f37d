import { expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import { InputError } from '../../src/host/inputError.ts';
import { point } from '../../src/measure/point.ts';
import { adaptiveSharpness } from '../../src/measure/sharpness/adaptiveSharpness.ts';
import { type KeskarSharpness, keskar } from '../../src/measure/sharpness/keskar.ts';
import { sam } from '../../src/measure/sharpness/sam.ts';
import { type ModelSpec, parseModel } from '../../src/nn/modelSpec.ts';
import { testGpu } from './device.ts';
import { dense } from './randomPoint.ts';
import { randomValues } from './trace.ts';

/** One Linear layer: its loss is convex in the parameters, weights row by row and then the biases. */
interface LinearModel {
  readonly inputs: number;
  readonly outputs: number;
  readonly loss: 'mse' | 'cross_entropy';
  readonly x: Float32Array;
  /** Targets of mse, [N, outputs]; classes of cross-entropy are made of them. */
  readonly y: Float32Array;
  readonly theta: Float32Array;
}

const EXAMPLES = 20;

function linearModel(inputs: number, outputs: number, loss: LinearModel['loss'], seed: number): LinearModel {
  return {
    inputs,
    outputs,
    loss,
    x: randomValues(EXAMPLES * inputs, seed).map((v) => 2 * v),
    y: randomValues(EXAMPLES * outputs, seed + 50),
    theta: randomValues((inputs + 1) * outputs, seed + 90),
  };
}

const classOf = ({ y, outputs }: LinearModel, n: number): number => {
  const row = y.subarray(n * outputs, (n + 1) * outputs);
  return row.indexOf(Math.max(...row));
};

/** The mean loss in float64. */
function lossOf(model: LinearModel, theta: ArrayLike<number>): number {
  const { inputs, outputs, loss, x, y } = model;
  let total = 0;
  for (let n = 0; n < EXAMPLES; n++) {
    const z = Array.from({ length: outputs }, (_, o) => {
      let sum = theta[inputs * outputs + o]!;
      for (let i = 0; i < inputs; i++) sum += theta[o * inputs + i]! * x[n * inputs + i]!;
      return sum;
    });
    if (loss === 'mse') {
      total += z.reduce((sum, each, o) => sum + (each - y[n * outputs + o]!) ** 2, 0) / outputs;
    } else {
      const top = Math.max(...z);
      total += top + Math.log(z.reduce((sum, each) => sum + Math.exp(each - top), 0)) - z[classOf(model, n)]!;
    }
  }
  return total / EXAMPLES;
}

/** The largest loss over all corners of a box around θ, which is that of the whole box. @param toFull of a corner's coordinates */
function largestAtCorners(
  model: LinearModel,
  radii: readonly number[],
  toFull: (z: readonly number[]) => ArrayLike<number>,
): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let corner = 0; corner < 2 ** radii.length; corner++) {
    const d = toFull(radii.map((r, i) => ((corner >> i) & 1 ? r : -r)));
    largest = Math.max(
      largest,
      lossOf(
        model,
        Array.from(model.theta, (value, i) => value + d[i]!),
      ),
    );
  }
  return largest;
}

function parsed({ inputs, outputs, loss }: LinearModel): ModelSpec {
  return parseModel('model.json', { layers: [dense(inputs, outputs)], loss });
}

function datasetOf(model: LinearModel): Dataset {
  const { inputs, outputs, loss, x, y } = model;
  const labels = Uint32Array.from({ length: EXAMPLES }, (_, n) => classOf(model, n));
  return {
    name: 'linear',
    x,
    exampleShape: [inputs],
    examples: EXAMPLES,
    targets:
      loss === 'mse' ? { kind: 'values', y, width: outputs } : { kind: 'classes', labels, classes: outputs },
  };
}

async function pointAt(model: LinearModel) {
  const { inputs, outputs, theta } = model;
  const weights = new Map([
    ['0.weight', theta.slice(0, inputs * outputs)],
    ['0.bias', theta.slice(inputs * outputs)],
  ]);
  return point(await testGpu(), { model: parsed(model), weights, data: datasetOf(model) });
}

const flatOf = ({ displacement }: KeskarSharpness): number[] =>
  [...displacement.values()].flatMap((part) => [...part]);

const MODELS = [
  linearModel(1, 2, 'mse', 1),
  linearModel(3, 2, 'cross_entropy', 2),
  linearModel(3, 3, 'mse', 3),
  linearModel(2, 4, 'cross_entropy', 4),
  linearModel(11, 1, 'mse', 5),
] as const;

test('of convex models φ is that of the best of all 2^P corners, and its displacement is in the box', async () => {
  for (const model of MODELS) {
    using at = await pointAt(model);
    const found = await at.measure(keskar({ epsilon: [1e-3, 0.1], iterations: 10 }));
    const f = lossOf(model, model.theta);
    for (const { epsilon, phi, phiFirstOrder, maximum, subspace, ...rest } of found) {
      const radii = Array.from(model.theta, (value) => epsilon * (Math.abs(value) + 1));
      const largest = largestAtCorners(model, radii, (z) => z);
      expect(phi / ((100 * (largest - f)) / (1 + f))).toBeGreaterThan(0.98);
      expect(maximum).toBeLessThan(largest + 1e-6 * largest);
      expect(subspace).toBeNull();
      // Of a convex function the first order is below it.
      expect(phiFirstOrder).toBeLessThan(phi * (1 + 1e-4));
      const d = flatOf({ epsilon, phi, phiFirstOrder, maximum, subspace, ...rest });
      expect(d.every((value, i) => Math.abs(value) <= radii[i]!)).toBe(true);
      const there = lossOf(
        model,
        Array.from(model.theta, (value, i) => value + d[i]!),
      );
      expect(Math.abs(maximum - there)).toBeLessThan(1e-6 * (1 + f));
    }
  }
});
