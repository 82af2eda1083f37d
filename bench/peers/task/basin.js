import { data, measure, nn, openDevice, point } from 'basin';

const model = nn.sequential(nn.linear(784, 128), nn.relu(), nn.linear(128, 10));

export async function open({ x, labels, weights, direction }) {
  const gpu = await openDevice();
  const at = await point(gpu, { model, weights, data: data.datasetFromArrays({ x, y: labels }) });
  const hessian = at.hessian();
  const v = at.vector(direction);

  return {
    async gradient() {
      using g = await at.gradient();
      return await g.read();
    },
    async hessianProduct() {
      using product = await hessian.times(v);
      return await product.read();
    },
    async variance() {
      const { variance } = await at.measure(measure.moments());
      const trace = [...variance.values()].flatMap((of) => [...of]).reduce((sum, value) => sum + value);
      return { diagonal: variance, trace };
    },
    close: () => gpu.dispose(),
  };
}
