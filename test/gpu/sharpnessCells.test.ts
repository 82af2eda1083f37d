import { expect, test } from 'vitest';
import { fitDataset } from '../../src/data/dataset.ts';
import { loadDataset } from '../../src/data/loadDataset.ts';
import { readSafetensors } from '../../src/data/safetensors.ts';
import { point } from '../../src/measure/point.ts';
import { keskar } from '../../src/measure/sharpness/keskar.ts';
import { parseModel } from '../../src/nn/modelSpec.ts';
import expected from '../fixtures/sharpness/expected.json';
import { testGpu } from './device.ts';
import { dense } from './randomPoint.ts';

const model = parseModel('model.json', {
  layers: [dense(49, 16), { type: 'ReLU' }, dense(16, 10)],
  loss: 'cross_entropy',
});

async function fixture(name: string): Promise<Uint8Array> {
  const response = await fetch(new URL(`../fixtures/sharpness/${name}`, import.meta.url));
  return new Uint8Array(await response.arrayBuffer());
}

/** Mean losses of float32 are right to so much of 1 + f: two rounded differences of 512 examples, and θ + z rounded. */
const ROUNDING = 2e-7;

test("on an MNIST MLP φ is not below what SciPy's L-BFGS-B finds in 10 iterations from the same start, in any of 12 cells", async () => {
  const data = await loadDataset('data.safetensors', { read: fixture });
  const { dataset } = fitDataset(data, model, 'model.json');
  const tensors = readSafetensors('weights.safetensors', await fixture('weights.safetensors'));
  const { cells } = expected;
  expect(cells).toHaveLength(12);
  const epsilon = [1e-3, 5e-4];
  for (let i = 0; i < cells.length; i += epsilon.length) {
    const { seed, step } = cells[i]!;
    const weights = new Map(
      ['0.weight', '0.bias', '2.weight', '2.bias'].map((name) => [
        name,
        tensors.get(`${seed}.${step}.${name}`)!.data as Float32Array,
      ]),
    );
    using at = await point(await testGpu(), { model, weights, data: dataset });
    const found = await at.measure(keskar({ epsilon }));
    found.forEach((box, k) => {
      const cell = cells[i + k]!;
      expect(box.epsilon).toBe(cell.epsilon);
      expect(box.phiFirstOrder / cell.phiFirstOrder).toBeCloseTo(1, 4);
      const least = Math.max(cell.maximumFromStart, cell.maximumFromTheta) - ROUNDING * (1 + cell.loss);
      expect(box.maximum, `cell ${i + k}`).toBeGreaterThan(least);
      // From z = 0 and from the start, which takes one itself: 10 of sign ascent, and twice of L-BFGS-B one a step that is taken at once, with
      // 5 tries where there is none.
      expect(box.evaluations).toBeGreaterThan(21);
      expect(box.evaluations).toBeLessThanOrEqual(21 + 4 * 15);
    });
  }
});
