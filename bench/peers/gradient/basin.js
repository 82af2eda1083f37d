import { openDevice, ops, state, trace } from 'basin';

export async function gradient({ x, w, shape: [batch, inputs, outputs] }) {
  const gpu = await openDevice();
  const weight = state(gpu, { shape: [outputs, inputs], values: w });
  const data = state(gpu, { shape: [batch, inputs], values: x });
  const program = await trace(gpu, ({ read }) => {
    const W = read(weight);
    const loss = ops.mean(ops.square(ops.relu(ops.matmul('NT', read(data), W))));
    return { gradient: ops.grad(loss, [W])[0] };
  });
  program.run();
  return await program.results.gradient.read();
}
