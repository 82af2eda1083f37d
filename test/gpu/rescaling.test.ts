import { expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import { point } from '../../src/measure/point.ts';
import { adaptiveSharpness } from '../../src/measure/sharpness/adaptiveSharpness.ts';
import { keskar } from '../../src/measure/sharpness/keskar.ts';
import { lbfgsB } from '../../src/measure/sharpness/lbfgsB.ts';
import { sam } from '../../src/measure/sharpness/sam.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';
import { uniform } from '../../src/selftest/values.ts';
import { testGpu } from './device.ts';
import { mlpLossAndGradient } from './mlpReference.ts';
import { dense } from './randomPoint.ts';

const [INPUTS, HIDDEN, CLASSES, EXAMPLES] = [3, 5, 3, 64];
const SIZES = [HIDDEN * INPUTS, HIDDEN, CLASSES * HIDDEN, CLASSES];
/** The first layer has no bias: in the reference it has one of 0, which stays. */
const BIAS = [SIZES[0]!, SIZES[0]! + HIDDEN] as const;
const REFERENCE = {
  widths: [INPUTS, HIDDEN, CLASSES],
  activation: (z: number) => Math.max(0, z),
  derivative: (z: number) => (z > 0 ? 1 : 0),
};
/** Positive inputs, of which positive weights leave every unit on: a minimum without kinks. */
const x = uniform(EXAMPLES * INPUTS, 3, 0, 2);
const labels = Uint32Array.from(uniform(EXAMPLES, 43, 0, CLASSES), Math.floor);

const isFrozen = (i: number): boolean => i >= BIAS[0] && i < BIAS[1];

function tensorsOf(flat: ArrayLike<number>): Float64Array[] {
  let at = 0;
  return SIZES.map((size) => {
    const part = Float64Array.from({ length: size }, (_, i) => flat[at + i]!);
    at += size;
    return part;
  });
}

/** A point so near a minimum that the curvature outweighs the gradient, and the gradient its rounding. */
async function nearMinimum(): Promise<Float64Array> {
  const negated = (flat: Float64Array) => {
    const weights = new Float64Array(EXAMPLES).fill(1 / EXAMPLES);
    const { losses, gradient } = mlpLossAndGradient(REFERENCE, tensorsOf(flat), x, labels, weights);
    return {
      value: -losses.reduce((sum, loss) => sum + loss, 0) / EXAMPLES,
      gradient: gradient.flatMap((part) => [...part]).map((g) => -g),
    };
  };
  const P = SIZES.reduce((sum, size) => sum + size, 0);
  const draws = uniform(P, 12);
  const start = Float64Array.from(draws, (v, i) => (i < BIAS[0] ? 0.3 + 0.2 * v : isFrozen(i) ? 0 : 0.3 * v));
  const radii = Array.from(start, (_, i) => (isFrozen(i) ? 0 : 30));
  const { point: found } = await lbfgsB({
    start: { point: start, ...negated(start) },
    radii,
    iterations: 1000,
    evaluate: async (flat) => negated(flat),
  });
  const by = uniform(P, 77);
  return found.map((value, i) => (isFrozen(i) ? value : value + 0.003 * by[i]!));
}

async function measureAt(tensors: readonly Float64Array[]) {
  const [first, , second, bias] = tensors.map((part) => Float32Array.from(part));
  const model = parseModel('model.json', {
    layers: [{ ...dense(INPUTS, HIDDEN), bias: false }, { type: 'ReLU' }, dense(HIDDEN, CLASSES)],
    loss: 'cross_entropy',
  });
  const data: Dataset = {
    name: 'positive',
    x,
    exampleShape: [INPUTS],
    examples: EXAMPLES,
    targets: { kind: 'classes', labels, classes: CLASSES },
  };
  const weights = new Map([
    ['0.weight', first!],
    ['2.weight', second!],
    ['2.bias', bias!],
  ]);
  using at = await point(await testGpu(), { model, weights, data });
  const { boxes, ...steps } = await at.measure({
    boxes: keskar(),
    sam: sam(),
    adaptive: adaptiveSharpness(),
    shifted: adaptiveSharpness({ eta: 0.01 }),
  });
  const { data: outputs } = await at.outputs();
  const answers = Array.from({ length: EXAMPLES }, (_, n) => {
    const row = outputs.subarray(n * CLASSES, (n + 1) * CLASSES);
    return row.indexOf(Math.max(...row));
  });
  const { pairs } = await at.hessian().eigenvalues(1);
  return { ...steps, phi: boxes.map(({ phi }) => phi), lambda: pairs[0]!.value, answers };
}

test('a rescaling of ReLU layers leaves every answer and adaptive sharpness, and changes φ and λ_max more than tenfold', async () => {
  const tensors = tensorsOf(await nearMinimum());
  const before = await measureAt(tensors);
  const after = await measureAt(
    tensors.map((part, i) => part.map((value) => value * ([10, 1, 0.1, 1][i] as number))),
  );
  expect(after.answers).toEqual(before.answers);
  const right = before.answers.filter((answer, n) => answer === labels[n]).length;
  expect(right).toBeGreaterThan(EXAMPLES / CLASSES);
  before.phi.forEach((phi, k) => {
    expect(after.phi[k]! / phi).toBeGreaterThan(10);
  });
  expect(after.lambda / before.lambda).toBeGreaterThan(10);
  expect(Math.abs(after.adaptive! / before.adaptive! - 1)).toBeLessThan(0.01);
  // What is added to the weights' sizes takes the invariance away, and SAM has none.
  expect(Math.abs(after.shifted! / before.shifted! - 1)).toBeGreaterThan(0.01);
  expect(after.sam! / before.sam!).toBeGreaterThan(2);
});
