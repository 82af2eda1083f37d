import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-backend-webgpu';

const parametersOf = ({ inputs, hidden, classes }, { w1, b1, w2, b2 }) => [
  tf.tensor2d(w1, [inputs, hidden]),
  tf.tensor1d(b1),
  tf.tensor2d(w2, [hidden, classes]),
  tf.tensor1d(b2),
];
const batchOf = ({ batch, inputs, classes, x, y }) => [
  tf.tensor2d(x, [batch, inputs]),
  tf.tensor2d(y, [batch, classes]),
];
const lossOf = ([w1, b1, w2, b2], x, y) => {
  const h = tf.relu(tf.add(tf.matMul(x, w1), b1));
  const z = tf.add(tf.matMul(h, w2), b2);
  return tf.neg(tf.mean(tf.sum(tf.mul(y, tf.logSoftmax(z)), -1)));
};

// A LeNet in this library's layout, images [N, H, W, C]: conv 5 × 5, (BatchNorm), ReLU, max pooling 2 × 2, twice; then linear.
const lenetLoss = ({ batchNorm }) => {
  const perStage = batchNorm ? 4 : 2;
  return (p, x, y) => {
    let h = x;
    for (const at of [0, perStage]) {
      h = tf.add(tf.conv2d(h, p[at], 1, 'valid'), p[at + 1]);
      if (batchNorm) {
        const { mean, variance } = tf.moments(h, [0, 1, 2]);
        h = tf.batchNorm(h, mean, variance, p[at + 3], p[at + 2], 1e-5);
      }
      h = tf.maxPool(tf.relu(h), 2, 2, 'valid');
    }
    const z = tf.add(tf.matMul(tf.reshape(h, [-1, 256]), p[2 * perStage]), p[2 * perStage + 1]);
    return tf.neg(tf.mean(tf.sum(tf.mul(y, tf.logSoftmax(z)), -1)));
  };
};
/** [O, C, h, w] → [h, w, C, O] of a convolution; of the last layer [K, C·H·W] → [H·W·C, K]. */
const lenetParameters = ({ parameters, classes }) =>
  parameters.map(({ shape, values }, i) =>
    tf.tidy(() => {
      if (shape.length === 4) return tf.transpose(tf.tensor4d(values, shape), [2, 3, 1, 0]);
      if (i < parameters.length - 2 || shape.length === 1) return tf.tensor1d(values);
      const w = tf.transpose(tf.tensor4d(values, [classes, 16, 4, 4]), [2, 3, 1, 0]);
      return tf.reshape(w, [256, classes]);
    }),
  );
/** And back. */
const lenetOrder = (gradients, { classes }) =>
  gradients.map((g, i) => {
    if (g.rank === 4) return tf.transpose(g, [3, 2, 0, 1]);
    if (i !== gradients.length - 2) return g;
    return tf.transpose(tf.reshape(g, [4, 4, 16, classes]), [3, 2, 0, 1]);
  });
const imagesOf = ({ batch, classes, x, y }) => [
  tf.tensor4d(x, [batch, 28, 28, 1]),
  tf.tensor2d(y, [batch, classes]),
];

/** Steps of plain gradient descent on a function of (parameters, x, y), the loss read after the last one. */
const descent = (lossOf, given, [x, y], rate) => {
  const parameters = given.map((p) => tf.variable(p));
  const sgd = tf.train.sgd(rate);
  let last;
  return {
    async run(steps) {
      let value;
      for (let i = 0; i < steps; i++) {
        value?.dispose();
        value = tf.tidy(() => sgd.minimize(() => lossOf(parameters, x, y), true));
      }
      last = await value.data();
      value.dispose();
    },
    read: async () => last,
    dispose: () => tf.dispose([x, y, ...parameters]),
  };
};

/** The mean of the squared gradients of the examples. There is no vmap: one gradient an example. */
const squaredGradients = (lossOf, parameters, [x, y], batch, inOrder = (g) => g) => {
  const count = parameters.length;
  const gradients = tf.grads((...all) => lossOf(all.slice(0, count), all[count], all[count + 1]));
  return repeated(() => {
    let total;
    for (let n = 0; n < batch; n++) {
      total = tf.tidy(() => {
        const one = [x, y].map((t) => tf.slice(t, [n], [1]));
        const squares = gradients([...parameters, ...one])
          .slice(0, count)
          .map((g) => tf.square(g));
        return squares.map((square, i) => (total ? tf.add(total[i], square) : square));
      });
    }
    return inOrder(total.map((square) => tf.div(square, batch)));
  }, [x, y, ...parameters]);
};

/** Each repetition replaces the results of the one before. */
const repeated = (compute, inputs) => {
  let held = [];
  return {
    run(times) {
      for (let i = 0; i < times; i++) {
        const before = held;
        held = tf.tidy(compute);
        tf.dispose(before);
      }
      // Work that is recorded but not submitted would not be waited for.
      tf.backend().endComputePassEncoder();
      tf.backend().submitQueue();
    },
    async read() {
      const parts = [];
      for (const tensor of held) parts.push(Array.from(await tensor.data()));
      return Float32Array.from(parts.flat());
    },
    dispose: () => tf.dispose([...held, ...inputs]),
  };
};

export default {
  name: 'TensorFlow.js',
  version: __VERSIONS__['@tensorflow/tfjs-core'],

  async init() {
    await tf.setBackend('webgpu');
    await tf.ready();
    if (tf.getBackend() !== 'webgpu') throw new Error(`TensorFlow.js chose the backend ${tf.getBackend()}`);
  },

  matmul({ form, m, n, k, a, b }) {
    const A = tf.tensor2d(a, form === 'TN' ? [k, m] : [m, k]);
    const B = tf.tensor2d(b, form === 'NT' ? [n, k] : [k, n]);
    return repeated(() => [tf.matMul(A, B, form === 'TN', form === 'NT')], [A, B]);
  },

  sum({ x }) {
    const X = tf.tensor1d(x);
    return repeated(() => [tf.sum(X)], [X]);
  },

  mlpStep: (task) => descent(lossOf, parametersOf(task, task), batchOf(task), task.rate),

  // There is no vmap: runs go one after the other, so one is all there is to time.
  sweep({ widths, replicas, batch, momentum, examples, x, labels, rates, order, weights, biases }) {
    if (replicas > 1) return undefined;
    const layers = widths.slice(1).map((outputs, l) => ({
      w: tf.variable(tf.tensor2d(weights[l], [outputs, widths[l]])),
      b: tf.variable(tf.tensor1d(biases[l])),
    }));
    const X = tf.tensor2d(x, [examples, widths[0]]);
    const Y = tf.tidy(() =>
      tf.cast(tf.oneHot(tf.tensor1d(Int32Array.from(labels), 'int32'), widths.at(-1)), 'float32'),
    );
    const optimizer = momentum ? tf.train.momentum(rates[0], momentum) : tf.train.sgd(rates[0]);
    let taken = 0;
    let last;
    return {
      async run(steps) {
        let value;
        for (let i = 0; i < steps; i++, taken++) {
          value?.dispose();
          const from = (taken * batch) % order.length;
          value = tf.tidy(() => {
            const indices = tf.tensor1d(order.subarray(from, from + batch), 'int32');
            const [bx, by] = [tf.gather(X, indices), tf.gather(Y, indices)];
            return optimizer.minimize(() => {
              let h = bx;
              layers.forEach(({ w, b }, l) => {
                const z = tf.add(tf.matMul(h, w, false, true), b);
                h = l < layers.length - 1 ? tf.relu(z) : z;
              });
              return tf.neg(tf.mean(tf.sum(tf.mul(by, tf.logSoftmax(h)), -1)));
            }, true);
          });
        }
        last = await value.data();
        value.dispose();
      },
      read: async () => last,
      dispose: () => {
        tf.dispose([X, Y, ...layers.flatMap(({ w, b }) => [w, b])]);
        optimizer.dispose();
      },
    };
  },

  secondMoments: (task) => squaredGradients(lossOf, parametersOf(task, task), batchOf(task), task.batch),

  // There is no forward mode: the gradient of ⟨gradient, v⟩.
  hvp(task) {
    const parameters = parametersOf(task, task);
    const v = parametersOf(task, task.v);
    const [x, y] = batchOf(task);
    const gradient = tf.grads((...p) => lossOf(p, x, y));
    const product = tf.grads((...p) => tf.addN(gradient(p).map((g, i) => tf.sum(tf.mul(g, v[i])))));
    return repeated(() => product(parameters), [x, y, ...parameters, ...v]);
  },

  cnnStep: (task) => descent(lenetLoss(task), lenetParameters(task), imagesOf(task), task.rate),

  // Second derivatives of max pooling and of convolutions are not there: no Hessian product.
  cnnSecondMoments: (task) =>
    squaredGradients(lenetLoss(task), lenetParameters(task), imagesOf(task), task.batch, (g) =>
      lenetOrder(g, task),
    ),

  cnnEvaluation(task) {
    const parameters = lenetParameters(task);
    const batch = imagesOf(task);
    const [images, labels] = batch.map((t) => tf.concat(Array(16).fill(t)));
    const lossOfBatch = lenetLoss(task);
    // In batches of 1,024, the last one of 832: as many images as there are.
    const sizes = [...Array(9).fill(1024), 832];
    let last;
    return {
      async run(times) {
        for (let i = 0; i < times; i++) {
          const found = sizes.map((size) =>
            tf.tidy(() => lossOfBatch(parameters, ...[images, labels].map((t) => tf.slice(t, [0], [size])))),
          );
          last = 0;
          for (const [k, value] of found.entries()) last += ((await value.data())[0] * sizes[k]) / 10_048;
          tf.dispose(found);
        }
      },
      read: async () => Float32Array.of(last),
      dispose: () => tf.dispose([...batch, images, labels, ...parameters]),
    };
  },
};
