// Until the library has `point`: what bench/peers/task/basin.js takes from it, of what it has today. To be deleted then, with the
// lines of build.mjs that name it.
import * as basin from 'built-basin';

export const { data, nn, openDevice } = basin;
export const measure = { moments: () => null };

const { CurvatureOperator, gradientMoments, measureOver } = basin.measure;

const meanGradient = {
  trace(batch) {
    const gradient = batch.gathering.sum('gradient', batch.gradient(batch.meanWeights));
    return { values: (graph) => ({ gradient: gradient.in(graph) }) };
  },
  read: ({ gradient }) => gradient,
};

export async function point(gpu, { model: layers, weights, data: dataset }) {
  const model = nn.parseModel('model', { layers, loss: 'cross_entropy' });
  const layout = nn.parameterLayout(model);
  const theta = new basin.engine.State(gpu, { label: 'parameters', shape: [layout.length] });
  theta.write(flat(weights));
  const at = { model, layout, theta, examples: data.uploadExamples(gpu, dataset), context: { mode: 'eval' } };
  let operator;

  function flat(tensors) {
    const values = new Float32Array(layout.length);
    for (const { name, offset } of layout.entries) values.set(tensors[name].data, offset);
    return values;
  }
  const named = (values) =>
    new Map(layout.entries.map(({ name, offset: o, elements }) => [name, values.subarray(o, o + elements)]));
  const vector = (values) => ({ values, read: async () => named(values), [Symbol.dispose]() {} });

  return {
    vector: (tensors) => vector(flat(tensors)),
    gradient: async () => vector((await measureOver(gpu, at, { meanGradient })).meanGradient),
    hessian: () => ({
      async times({ values }) {
        operator ??= await CurvatureOperator.open(gpu, at, 1);
        return vector((await operator.times([values]))[0]);
      },
    }),
    async measure() {
      const { centredSquares } = await gradientMoments(gpu, at);
      const variance = centredSquares.map((squares) => squares / (dataset.examples - 1));
      return { variance: named(variance), traceCovariance: variance.reduce((sum, value) => sum + value, 0) };
    },
  };
}
