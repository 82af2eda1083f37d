import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-backend-webgpu';

export default {
  name: 'TensorFlow.js',
  version: __VERSIONS__['@tensorflow/tfjs-core'],

  async init() {
    await tf.setBackend('webgpu');
    await tf.ready();
    if (tf.getBackend() !== 'webgpu') throw new Error(`TensorFlow.js chose the backend ${tf.getBackend()}`);
  },

  mlpStep({ batch, inputs, hidden, classes, rate, x: images, y: oneHot, ...initial }) {
    const w1 = tf.variable(tf.tensor2d(initial.w1, [inputs, hidden]));
    const b1 = tf.variable(tf.tensor1d(initial.b1));
    const w2 = tf.variable(tf.tensor2d(initial.w2, [hidden, classes]));
    const b2 = tf.variable(tf.tensor1d(initial.b2));
    const x = tf.tensor2d(images, [batch, inputs]);
    const y = tf.tensor2d(oneHot, [batch, classes]);
    const sgd = tf.train.sgd(rate);
    const loss = () => {
      const h = tf.relu(tf.add(tf.matMul(x, w1), b1));
      const z = tf.add(tf.matMul(h, w2), b2);
      return tf.neg(tf.mean(tf.sum(tf.mul(y, tf.logSoftmax(z)), -1)));
    };
    return {
      async run(steps) {
        let value;
        for (let i = 0; i < steps; i++) {
          value?.dispose();
          value = tf.tidy(() => sgd.minimize(loss, true));
        }
        const [last] = await value.data();
        value.dispose();
        return last;
      },
      dispose: () => tf.dispose([x, y, w1, b1, w2, b2]),
    };
  },
};
