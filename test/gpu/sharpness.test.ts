import { expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import { InputError } from '../../src/host/inputError.ts';
import { point } from '../../src/measure/point.ts';
import { adaptiveSharpness } from '../../src/measure/sharpness/adaptiveSharpness.ts';
import { type KeskarSharpness, keskar } from '../../src/measure/sharpness/keskar.ts';
import { lbfgsB } from '../../src/measure/sharpness/lbfgsB.ts';
import { sam } from '../../src/measure/sharpness/sam.ts';
import { solveLinear } from '../../src/measure/statistics/solveLinear.ts';
import { parameterLayout } from '../../src/nn/forward.ts';
import { type ModelSpec, parseModel } from '../../src/nn/modelSpec.ts';
import { purpose } from '../../src/random/purpose.ts';
import { threefry2x32 } from '../../src/random/threefry.ts';
import { GAUSSIAN_UNIT, gaussianInteger } from '../../src/reference/subspace.ts';
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

/** Where the parameters lie in the flat vector by which a subspace's rows are numbered. */
function elementsOf(model: LinearModel): number[] {
  return parameterLayout(parsed(model)).entries.flatMap(({ offset, elements }) =>
    Array.from({ length: elements }, (_, i) => offset + i),
  );
}

/** A[e, c] of a random subspace. */
const entry = (seed: number, e: number, c: number): number =>
  gaussianInteger(threefry2x32(seed, purpose.subspaceColumns, e, c)) * GAUSSIAN_UNIT;

const MODELS = [
  linearModel(1, 2, 'mse', 1),
  linearModel(3, 2, 'cross_entropy', 2),
  linearModel(3, 3, 'mse', 3),
  linearModel(2, 4, 'cross_entropy', 4),
  linearModel(11, 1, 'mse', 5),
] as const;

/** The same model where its loss is least, as far as float32 comes there. */
async function atMinimum(model: LinearModel): Promise<LinearModel> {
  const found = await lbfgsB({
    start: { point: Float64Array.from(model.theta), ...slopeOf(model, model.theta) },
    radii: Array.from(model.theta, () => 50),
    iterations: 200,
    evaluate: async (theta) => slopeOf(model, theta),
  });
  return { ...model, theta: Float32Array.from(found.point) };
}

/** Minus the loss, and its gradient by central differences. */
function slopeOf(model: LinearModel, theta: ArrayLike<number>) {
  const moved = (i: number, by: number) =>
    lossOf(
      model,
      Array.from(theta, (v, j) => (j === i ? v + by : v)),
    );
  const gradient = Array.from(theta, (_, i) => (moved(i, -1e-5) - moved(i, 1e-5)) / 2e-5);
  return { value: -lossOf(model, theta), gradient };
}

test('of convex models φ is that of the best of all 2^P corners, at a minimum too, and its displacement is in the box', async () => {
  const minima = await Promise.all([MODELS[1], MODELS[2], MODELS[4]].map(atMinimum));
  for (const model of [...MODELS, ...minima]) {
    using at = await pointAt(model);
    const found = await at.measure(keskar({ epsilon: [1e-3, 0.1], iterations: 10 }));
    const f = lossOf(model, model.theta);
    for (const box of found) {
      const { epsilon, phi, phiFirstOrder, maximum, subspace } = box;
      const radii = Array.from(model.theta, (value) => epsilon * (Math.abs(value) + 1));
      const largest = largestAtCorners(model, radii, (z) => z);
      expect(phi / ((100 * (largest - f)) / (1 + f))).toBeGreaterThan(0.98);
      expect(maximum).toBeLessThan(largest + 1e-6 * largest);
      expect(subspace).toBeNull();
      // Of a convex function the first order is below it; at its minimum it is rounding.
      expect(phiFirstOrder).toBeLessThan(phi * (1 + 1e-4));
      if (minima.includes(model)) expect(phiFirstOrder).toBeLessThan(0.1 * phi);
      const d = flatOf(box);
      expect(d.every((value, i) => Math.abs(value) <= radii[i]!)).toBe(true);
      const there = lossOf(
        model,
        Array.from(model.theta, (value, i) => value + d[i]!),
      );
      expect(Math.abs(maximum - there)).toBeLessThan(1e-6 * (1 + f));
    }
  }
});

test('in a subspace of as few dimensions φ is that of its corners too, in the coordinates of the least-squares solution', async () => {
  for (const [model, p] of [
    [linearModel(11, 1, 'mse', 5), 12],
    [linearModel(5, 2, 'cross_entropy', 6), 5],
    [linearModel(4, 3, 'cross_entropy', 7), 8],
    [linearModel(4, 3, 'mse', 8), 1],
  ] as const) {
    using at = await pointAt(model);
    const seed = 3;
    const found = (await at.measure(keskar({ epsilon: [1e-3, 0.05], subspace: p, seed }))).slice(2);
    const rows = elementsOf(model);
    const A = rows.map((e) => Array.from({ length: p }, (_, c) => entry(seed, e, c)));
    const toFull = (z: ArrayLike<number>): number[] =>
      A.map((row) => row.reduce((sum, a, c) => sum + a * z[c]!, 0));
    const gram = Array.from({ length: p * p }, (_, at) =>
      A.reduce((sum, row) => sum + row[Math.floor(at / p)]! * row[at % p]!, 0),
    );
    const projected = Array.from({ length: p }, (_, c) =>
      A.reduce((sum, row, i) => sum + row[c]! * model.theta[i]!, 0),
    );
    const coordinates = solveLinear(gram, projected, p)!;
    const f = lossOf(model, model.theta);
    for (const box of found) {
      const radii = Array.from(coordinates, (value) => box.epsilon * (Math.abs(value) + 1));
      const largest = largestAtCorners(model, radii, toFull);
      const exact = (100 * (largest - f)) / (1 + f);
      expect(box.subspace).toBe(p);
      expect(box.phi / exact).toBeGreaterThan(0.98);
      // A⁺θ of float32, where A is square and its smallest singular value small.
      expect(box.phi / exact).toBeLessThan(1 + 1e-4);
      // What was found is a combination of the columns, within the box.
      const d = flatOf(box);
      const z = solveLinear(
        gram,
        Array.from({ length: p }, (_, c) => A.reduce((sum, row, i) => sum + row[c]! * d[i]!, 0)),
        p,
      )!;
      expect(z.every((value, i) => Math.abs(value) <= radii[i]! * (1 + 1e-3))).toBe(true);
      expect(Math.max(...toFull(z).map((value, i) => Math.abs(value - d[i]!)))).toBeLessThan(
        1e-5 * Math.max(...d.map(Math.abs)),
      );
    }
  }
});

test('the steps of SAM and ASAM are those of float64, and a gradient of 0 has none', async () => {
  const model = linearModel(3, 2, 'cross_entropy', 2);
  const { gradient } = slopeOf(model, model.theta);
  const riseOf = (rho: number, scales: readonly number[]): number => {
    const length = Math.hypot(...gradient.map((g, i) => g * scales[i]!));
    const there = gradient.map((g, i) => model.theta[i]! - (rho * scales[i]! ** 2 * g) / length);
    return lossOf(model, there) - lossOf(model, model.theta);
  };
  const sizes = (eta: number): number[] =>
    Array.from(model.theta, (value, i) => (i < 6 ? Math.abs(value) + eta : 1));
  using at = await pointAt(model);
  const found = await at.measure({
    sam: sam(),
    far: sam({ rho: 2 }),
    adaptive: adaptiveSharpness(),
    shifted: adaptiveSharpness({ rho: 1, eta: 0.3 }),
  });
  const ones = Array(8).fill(1) as number[];
  expect(found.sam! / riseOf(0.05, ones)).toBeCloseTo(1, 4);
  expect(found.far! / riseOf(2, ones)).toBeCloseTo(1, 4);
  expect(found.adaptive! / riseOf(0.5, sizes(0))).toBeCloseTo(1, 4);
  expect(found.shifted! / riseOf(1, sizes(0.3))).toBeCloseTo(1, 4);
  // One class: whatever the logit is, its loss is 0.
  using flat = await pointAt(linearModel(3, 1, 'cross_entropy', 2));
  const none = await flat.measure({ sam: sam(), adaptive: adaptiveSharpness(), boxes: keskar() });
  expect(none).toMatchObject({ sam: null, adaptive: null });
  expect(none.boxes.map(({ phi }) => phi)).toEqual([0, 0]);
});

test('what cannot be measured is refused by name, before and while it is measured', async () => {
  expect(() => keskar({ epsilon: [] })).toThrow(/keskar.*epsilon.*empty list, expected one or more numbers/);
  expect(() => keskar({ epsilon: -1 })).toThrow(/keskar.*epsilon.*-1/);
  expect(() => keskar({ subspace: 1.5 })).toThrow(
    /keskar.*subspace.*1\.5, expected an integer of at least 1/,
  );
  expect(() => keskar({ seed: -1 })).toThrow(/keskar.*seed/);
  expect(() => sam({ rho: 0 })).toThrow(/sam.*rho.*a number above 0/);
  expect(() => adaptiveSharpness({ eta: -1 })).toThrow(/adaptiveSharpness.*eta.*at least 0/);
  using at = await pointAt(linearModel(3, 2, 'mse', 1));
  await expect(at.measure(keskar({ subspace: 9 }))).rejects.toThrow(
    /9 dimensions, expected at most the 8 parameters/,
  );
  await expect(at.measure(keskar({ epsilon: 1e30 }))).rejects.toThrow(/keskar.*epsilon.*no finite number/);
  await expect(at.measure(sam({ rho: 1e30 }))).rejects.toThrow(InputError);
});
