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

  mlpStep(task) {
    const parameters = parametersOf(task, task).map((p) => tf.variable(p));
    const [x, y] = batchOf(task);
    const sgd = tf.train.sgd(task.rate);
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
  },

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

  // There is no vmap: one gradient an example.
  secondMoments(task) {
    const parameters = parametersOf(task, task);
    const [x, y] = batchOf(task);
    const gradients = tf.grads((w1, b1, w2, b2, bx, by) => lossOf([w1, b1, w2, b2], bx, by));
    return repeated(() => {
      let total;
      for (let n = 0; n < task.batch; n++) {
        total = tf.tidy(() => {
          const one = [tf.slice(x, [n, 0], [1, -1]), tf.slice(y, [n, 0], [1, -1])];
          const squares = gradients([...parameters, ...one])
            .slice(0, 4)
            .map((g) => tf.square(g));
          return squares.map((square, i) => (total ? tf.add(total[i], square) : square));
        });
      }
      return total.map((square) => tf.div(square, task.batch));
    }, [x, y, ...parameters]);
  },

  // There is no forward mode: the gradient of ⟨gradient, v⟩.
  hvp(task) {
    const parameters = parametersOf(task, task);
    const v = parametersOf(task, task.v);
    const [x, y] = batchOf(task);
    const gradient = tf.grads((...p) => lossOf(p, x, y));
    const product = tf.grads((...p) => tf.addN(gradient(p).map((g, i) => tf.sum(tf.mul(g, v[i])))));
    return repeated(() => product(parameters), [x, y, ...parameters, ...v]);
  },
};
