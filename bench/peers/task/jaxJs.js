import { defaultDevice, grad, init, jit, jvp, nn, numpy as np, tree, vmap } from '@jax-js/jax';

/** Of a batch, x [B, 784], y [B, 10], or of one example. Every function consumes its arguments, as the library asks. */
function loss(p, x, y) {
  const hidden = nn.relu(np.matmul(x, p['0.weight'].transpose()).add(p['0.bias']));
  const logits = np.matmul(hidden, p['2.weight'].transpose()).add(p['2.bias']);
  return nn.logSoftmax(logits).mul(y).sum(-1).mean().neg();
}

const upload = (tensors) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data }]) => [name, np.array(data).reshape(shape)]),
  );

async function read(arrays) {
  const reads = Object.entries(arrays).map(async ([name, array]) => [name, await array.data()]);
  return Object.fromEntries(await Promise.all(reads));
}

export async function open({ x: pixels, labels, weights, direction }) {
  await init('webgpu');
  defaultDevice('webgpu');
  const [p, v] = [upload(weights), upload(direction)];
  const x = np.array(pixels).reshape([labels.length, 784]);
  const y = nn.oneHot(np.array(Int32Array.from(labels)), 10);

  const gradient = jit(grad(loss));
  const product = jit((p, v, x, y) => jvp((q) => grad(loss)(q, x, y), [p], [v])[1]);
  const variance = jit((p, x, y) => {
    const each = vmap(grad(loss), [null, 0, 0])(p, x, y);
    const diagonal = tree.map((g) => np.var_(g, 0, { correction: 1 }), each);
    const trace = tree
      .leaves(tree.ref(diagonal))
      .map((d) => np.sum(d))
      .reduce(np.add);
    return { diagonal, trace };
  });

  return {
    gradient: () => read(gradient(tree.ref(p), x.ref, y.ref)),
    hessianProduct: () => read(product(tree.ref(p), tree.ref(v), x.ref, y.ref)),
    async variance() {
      const { diagonal, trace } = variance(tree.ref(p), x.ref, y.ref);
      return { diagonal: await read(diagonal), trace: (await trace.data())[0] };
    },
    close() {
      for (const made of [gradient, product, variance, x, y]) made.dispose();
      for (const made of [p, v]) tree.dispose(made);
    },
  };
}
