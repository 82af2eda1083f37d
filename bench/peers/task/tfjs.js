import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-backend-webgpu';

const NAMES = ['0.weight', '0.bias', '2.weight', '2.bias'];

/**
 * The library's own log-softmax saves its result, which a second derivative takes for a constant (that of exp, softmax, sigmoid
 * and tanh too): its gradient of gradients is refused, through log(softmax) it is wrong. This one saves its input.
 */
const logSoftmax = tf.customGrad((z, save) => {
  save([z]);
  const gradFunc = (dy, [saved]) => tf.sub(dy, tf.mul(tf.sum(dy, -1, true), tf.softmax(saved)));
  return { value: tf.logSoftmax(z), gradFunc };
});

/** Of each example. x [B, 784], y [B, 10]; biases of all examples, or each its own. */
function losses([w1, b1, w2, b2], x, y) {
  const hidden = tf.relu(tf.add(tf.matMul(x, w1, false, true), b1));
  const logits = tf.add(tf.matMul(hidden, w2, false, true), b2);
  return tf.neg(tf.sum(tf.mul(logSoftmax(logits), y), -1));
}

const upload = (tensors) => NAMES.map((name) => tf.tensor(tensors[name].data, tensors[name].shape));

async function read(tensors) {
  const reads = tensors.map(async (tensor, i) => [NAMES[i], await tensor.data()]);
  const named = Object.fromEntries(await Promise.all(reads));
  tf.dispose(tensors);
  return named;
}

export async function open({ x: pixels, labels, weights, direction }) {
  await tf.setBackend('webgpu');
  await tf.ready();
  const batch = labels.length;
  const [p, v] = [upload(weights), upload(direction)];
  const x = tf.tensor2d(pixels, [batch, 784]);
  const y = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(Int32Array.from(labels), 'int32'), 10), 'float32'));

  const gradient = tf.grads((...q) => tf.mean(losses(q, x, y)));
  // There is no forward mode: the gradient of ⟨gradient, v⟩.
  const product = tf.grads((...q) => tf.addN(gradient(q).map((g, i) => tf.sum(tf.mul(g, v[i])))));
  // There is no vmap, and a gradient an example takes seconds. By hand, for dense layers: with biases of its own an example's
  // gradient in them is its δ, and that in the weights is δaᵀ. A mean of squares less a squared mean: digits are lost where the
  // mean is much larger than the noise.
  function variance() {
    const [w1, b1, w2, b2] = p;
    const biases = [b1, b2].map((b) => tf.tile(tf.expandDims(b), [batch, 1]));
    const deltas = tf.grads((c1, c2) => tf.sum(losses([w1, c1, w2, c2], x, y)))(biases);
    const inputs = [x, tf.relu(tf.add(tf.matMul(x, w1, false, true), b1))];
    const mean = (d, a) => tf.div(tf.matMul(d, a, true), batch);
    const varianceOf = (d, a) => tf.sub(mean(tf.square(d), tf.square(a)), tf.square(mean(d, a)));
    const biased = deltas.flatMap((d, i) => [varianceOf(d, inputs[i]), varianceOf(d, tf.ones([batch, 1]))]);
    const diagonal = biased.map((of) => tf.mul(of, batch / (batch - 1)));
    return [...diagonal, tf.addN(diagonal.map((d) => tf.sum(d)))];
  }

  return {
    gradient: () => read(tf.tidy(() => gradient(p))),
    hessianProduct: () => read(tf.tidy(() => product(p))),
    async variance() {
      const diagonal = tf.tidy(variance);
      const trace = diagonal.pop();
      const value = (await trace.data())[0];
      trace.dispose();
      return { diagonal: await read(diagonal), trace: value };
    },
    close: () => tf.dispose([p, v, x, y]),
  };
}
