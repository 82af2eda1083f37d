import { uploadExamples } from '../../src/data/uploadExamples.ts';
import { State } from '../../src/gpu/state.ts';
import type { Point } from '../../src/measure/pass.ts';
import { parameterLayout } from '../../src/nn/forward.ts';
import { inferShapes, parseModel } from '../../src/nn/modelSpec.ts';
import { testGpu } from './device.ts';
import { randomValues } from './trace.ts';

/** A model at a random point, on random examples, in train mode. */
export async function pointOf(
  json: { layers: object[]; loss?: string },
  shape: readonly number[],
  examples: number,
) {
  const gpu = await testGpu();
  const model = parseModel('model.json', { loss: 'cross_entropy', ...json });
  const layout = parameterLayout(model);
  const values = new Float32Array(layout.length);
  layout.entries.forEach(({ shape: s, offset, elements }, i) => {
    const scale = s.length > 1 ? 1.5 / Math.sqrt(elements / s[0]!) : 0.5;
    values.set(
      randomValues(elements, 11 + i).map((v) => scale * v),
      offset,
    );
  });
  const theta = new State(gpu, { label: 'theta', shape: [layout.length] });
  theta.write(values);
  const x = randomValues(examples * shape.reduce((a, b) => a * b, 1), 3);
  const classes = inferShapes(model, [...shape]).at(-1)![0]!;
  const labels = Uint32Array.from({ length: examples }, (_, n) => (n * 7 + (n >> 2)) % classes);
  const resident = uploadExamples(gpu, {
    name: 'random',
    x,
    exampleShape: [...shape],
    examples,
    targets:
      model.loss === 'mse'
        ? { kind: 'values', y: randomValues(examples * classes, 8), width: classes }
        : { kind: 'classes', labels, classes },
  });
  const point: Point = { model, layout, theta, examples: resident, context: { mode: 'train' } };
  const dispose = (): void => {
    theta.dispose();
    resident.dispose();
  };
  return { gpu, point, layout, x, labels, values, classes, dispose };
}

export const dense = (a: number, b: number) => ({ type: 'Linear', in_features: a, out_features: b });
