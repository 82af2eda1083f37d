import {
  blockUntilReady,
  defaultDevice,
  grad,
  init,
  jit,
  jvp,
  lax,
  nn,
  numpy as np,
  valueAndGrad,
  vmap,
} from '@jax-js/jax';

const KEYS = ['w1', 'b1', 'w2', 'b2'];

// Every function consumes its arguments, as the library asks.
const loss = (p, x, y) => {
  const h = nn.relu(np.matmul(x, p.w1).add(p.b1));
  const z = np.matmul(h, p.w2).add(p.b2);
  return nn.logSoftmax(z).mul(y).sum(-1).mean().neg();
};
/** Of one example, x [inputs], y [classes]. */
const exampleLoss = (p, x, y) => {
  const h = nn.relu(np.matmul(x, p.w1).add(p.b1));
  const z = np.matmul(h, p.w2).add(p.b2);
  return nn.logSoftmax(z).mul(y).sum().neg();
};
const parametersOf = ({ inputs, hidden, classes }, { w1, b1, w2, b2 }) => ({
  w1: np.array(w1).reshape([inputs, hidden]),
  b1: np.array(b1),
  w2: np.array(w2).reshape([hidden, classes]),
  b2: np.array(b2),
});
const batchOf = ({ batch, inputs, classes, x, y }) => [
  np.array(x).reshape([batch, inputs]),
  np.array(y).reshape([batch, classes]),
];

// A LeNet: conv 5 × 5, (BatchNorm), ReLU, max pooling 2 × 2, twice; then linear. `p` has PyTorch's tensors by their names.
const perChannel = (array) => array.reshape([1, array.size, 1, 1]);
const normalized = (x, weight, bias) => {
  const y = nn.standardize(x, [0, 2, 3], { epsilon: 1e-5 });
  return y.mul(perChannel(weight)).add(perChannel(bias));
};
const lenetOf =
  ({ batchNorm }) =>
  (p, x) => {
    const stage = batchNorm ? 4 : 3;
    let h = x;
    for (const at of [0, stage]) {
      h = lax.conv(h, p[`${at}.weight`], [1, 1], 'VALID').add(perChannel(p[`${at}.bias`]));
      if (batchNorm) h = normalized(h, p[`${at + 1}.weight`], p[`${at + 1}.bias`]);
      h = lax.reduceWindow(nn.relu(h), np.max, [2, 2], [2, 2]);
    }
    const [w, b] = [p[`${2 * stage + 1}.weight`], p[`${2 * stage + 1}.bias`]];
    return np.matmul(h.reshape([-1, 256]), w.transpose()).add(b);
  };
const lenetLoss = (task) => {
  const lenet = lenetOf(task);
  return (p, x, y) => nn.logSoftmax(lenet(p, x)).mul(y).sum(-1).mean().neg();
};
/** Of one example, x [1, 28, 28], y [classes]. */
const lenetExampleLoss = (task) => {
  const lenet = lenetOf(task);
  return (p, x, y) =>
    nn
      .logSoftmax(lenet(p, x.reshape([1, 1, 28, 28])))
      .mul(y)
      .sum()
      .neg();
};
const treeOf = (parameters, which = 'values') =>
  Object.fromEntries(
    parameters.map(({ name, shape, [which]: values }) => [name, np.array(values).reshape(shape)]),
  );
const imagesOf = ({ batch, classes, x, y }) => [
  np.array(x).reshape([batch, 1, 28, 28]),
  np.array(y).reshape([batch, classes]),
];

/** Results stay alive until the device is done, so that no lazy work is dropped. `compute` gives an array or a tree. */
const repeated = (compute, inputs, keys = KEYS) => {
  let held = [];
  const leaves = (result) => (result.dispose ? [result] : keys.map((key) => result[key]));
  const clear = () => {
    for (const array of held.flatMap(leaves)) array.dispose();
    held = [];
  };
  return {
    async run(times) {
      clear();
      for (let i = 0; i < times; i++) held.push(compute());
      await blockUntilReady(held);
    },
    async read() {
      const parts = [];
      for (const array of leaves(held.at(-1))) parts.push(Array.from(await array.ref.data()));
      return Float32Array.from(parts.flat());
    },
    dispose() {
      clear();
      for (const array of inputs) array.dispose();
    },
  };
};
const references = (p) => Object.fromEntries(Object.keys(p).map((key) => [key, p[key].ref]));

/** Steps of plain gradient descent on a function of (parameters, x, y), the loss read after the last one. */
const descent = (lossOf, given, [x, y], rate) => {
  let parameters = given;
  const keys = Object.keys(given);
  const step = jit((p, bx, by) => {
    const [value, gradient] = valueAndGrad(lossOf)(references(p), bx, by);
    return [value, Object.fromEntries(keys.map((key) => [key, p[key].sub(gradient[key].mul(rate))]))];
  });
  let last;
  return {
    async run(steps) {
      let value;
      for (let i = 0; i < steps; i++) {
        value?.dispose();
        [value, parameters] = step(parameters, x.ref, y.ref);
      }
      await blockUntilReady(parameters);
      last = await value.data();
    },
    read: async () => last,
    dispose() {
      for (const array of [x, y, ...Object.values(parameters)]) array.dispose();
    },
  };
};

export default {
  name: 'jax-js',
  version: __VERSIONS__['@jax-js/jax'],

  async init() {
    const backends = await init('webgpu');
    if (!backends.includes('webgpu')) throw new Error(`jax-js has the backends ${backends}, and not webgpu`);
    defaultDevice('webgpu');
  },

  matmul({ form, m, n, k, a, b }) {
    const A = np.array(a).reshape(form === 'TN' ? [k, m] : [m, k]);
    const B = np.array(b).reshape(form === 'NT' ? [n, k] : [k, n]);
    const product = jit((p, q) =>
      np.matmul(form === 'TN' ? p.transpose() : p, form === 'NT' ? q.transpose() : q),
    );
    return repeated(() => product(A.ref, B.ref), [A, B]);
  },

  sum({ x }) {
    const X = np.array(x);
    const total = jit((p) => np.sum(p));
    return repeated(() => total(X.ref), [X]);
  },

  mlpStep: (task) => descent(loss, parametersOf(task, task), batchOf(task), task.rate),

  /** One program over the runs, by vmap; each step's examples are gathered on the device by indices from the host. */
  sweep({ widths, replicas, batch, momentum, examples, x, y, rates, order, weights, biases }) {
    const layers = widths.slice(1).map((outputs, l) => ({ inputs: widths[l], outputs }));
    const runLoss = (p, bx, by) => {
      let h = bx;
      layers.forEach((_, l) => {
        const z = np.matmul(h, p[`w${l}`].transpose()).add(p[`b${l}`]);
        h = l < layers.length - 1 ? nn.relu(z) : z;
      });
      return nn.logSoftmax(h).mul(by).sum(-1).mean().neg();
    };
    let parameters = Object.fromEntries(
      layers.flatMap(({ inputs, outputs }, l) => [
        [`w${l}`, np.array(weights[l]).reshape([replicas, outputs, inputs])],
        [`b${l}`, np.array(biases[l]).reshape([replicas, outputs])],
      ]),
    );
    const names = Object.keys(parameters);
    const map = (f) => Object.fromEntries(names.map((name) => [name, f(name)]));
    let velocity = momentum ? map((name) => np.zeros(parameters[name].shape)) : {};
    const stepOf = (p, v, bx, by, rate) => {
      const [value, gradient] = valueAndGrad(runLoss)(
        map((name) => p[name].ref),
        bx,
        by,
      );
      const d = momentum ? map((name) => v[name].mul(momentum).add(gradient[name])) : gradient;
      const moved = map((name) => p[name].sub((momentum ? d[name].ref : d[name]).mul(rate.ref)));
      rate.dispose();
      return [value, moved, momentum ? d : {}];
    };
    const step = jit((p, v, X, Y, indices, rate) =>
      vmap(stepOf, [0, 0, 0, 0, 0])(p, v, np.take(X, indices.ref, 0), np.take(Y, indices, 0), rate),
    );
    const X = np.array(x).reshape([examples, widths[0]]);
    const Y = np.array(y).reshape([examples, widths.at(-1)]);
    const rate = np.array(rates);
    const perStep = replicas * batch;
    let taken = 0;
    let last;
    return {
      async run(steps) {
        let value;
        for (let i = 0; i < steps; i++, taken++) {
          value?.dispose();
          const from = (taken * perStep) % order.length;
          const indices = np.array(order.subarray(from, from + perStep)).reshape([replicas, batch]);
          [value, parameters, velocity] = step(parameters, velocity, X.ref, Y.ref, indices, rate.ref);
        }
        await blockUntilReady(parameters);
        last = await value.data();
      },
      read: async () => last,
      dispose() {
        for (const array of [X, Y, rate, ...Object.values(parameters), ...Object.values(velocity)]) {
          array.dispose();
        }
      },
    };
  },

  secondMoments(task) {
    const parameters = parametersOf(task, task);
    const [x, y] = batchOf(task);
    const moments = jit((p, bx, by) => {
      const each = vmap(grad(exampleLoss), [null, 0, 0])(p, bx, by);
      return Object.fromEntries(KEYS.map((key) => [key, np.square(each[key]).mean(0)]));
    });
    return repeated(
      () => moments(references(parameters), x.ref, y.ref),
      [x, y, ...Object.values(parameters)],
    );
  },

  hvp(task) {
    const [parameters, v] = [parametersOf(task, task), parametersOf(task, task.v)];
    const [x, y] = batchOf(task);
    const product = jit((p, t, bx, by) => jvp((q) => grad(loss)(q, bx, by), [p], [t])[1]);
    return repeated(
      () => product(references(parameters), references(v), x.ref, y.ref),
      [x, y, ...Object.values(parameters), ...Object.values(v)],
    );
  },

  cnnStep: (task) => descent(lenetLoss(task), treeOf(task.parameters), imagesOf(task), task.rate),

  cnnSecondMoments(task) {
    const parameters = treeOf(task.parameters);
    const [x, y] = imagesOf(task);
    const keys = Object.keys(parameters);
    const moments = jit((p, bx, by) => {
      const each = vmap(grad(lenetExampleLoss(task)), [null, 0, 0])(p, bx, by);
      return Object.fromEntries(keys.map((key) => [key, np.square(each[key]).mean(0)]));
    });
    return repeated(
      () => moments(references(parameters), x.ref, y.ref),
      [x, y, ...Object.values(parameters)],
      keys,
    );
  },

  cnnEvaluation(task) {
    const parameters = treeOf(task.parameters);
    const [x, y] = imagesOf(task);
    const images = np.tile(x, [16, 1, 1, 1]);
    const labels = np.tile(y, [16, 1]);
    const mean = jit(lenetLoss(task));
    // In batches of 1,024, the last one of 832: as many images as there are.
    const sizes = [...Array(9).fill(1024), 832];
    const part = (array, size) => (size === 1024 ? array.ref : array.ref.slice([0, size]));
    let last;
    return {
      async run(times) {
        for (let i = 0; i < times; i++) {
          const found = sizes.map((size) =>
            mean(references(parameters), part(images, size), part(labels, size)),
          );
          last = 0;
          for (const [k, value] of found.entries()) last += ((await value.data())[0] * sizes[k]) / 10_048;
        }
      },
      read: async () => Float32Array.of(last),
      dispose() {
        for (const array of [images, labels, ...Object.values(parameters)]) array.dispose();
      },
    };
  },

  cnnHvp(task) {
    const [parameters, v] = [treeOf(task.parameters), treeOf(task.parameters, 'direction')];
    const [x, y] = imagesOf(task);
    const product = jit((p, t, bx, by) => jvp((q) => grad(lenetLoss(task))(q, bx, by), [p], [t])[1]);
    return repeated(
      () => product(references(parameters), references(v), x.ref, y.ref),
      [x, y, ...Object.values(parameters), ...Object.values(v)],
      Object.keys(parameters),
    );
  },
};
