import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-backend-webgpu';

export async function gradient({ x, w, shape: [batch, inputs, outputs] }) {
  await tf.setBackend('webgpu');
  await tf.ready();
  const data = tf.tensor2d(x, [batch, inputs]);
  const weight = tf.tensor2d(w, [outputs, inputs]);
  const loss = (W) => tf.mean(tf.square(tf.relu(tf.matMul(data, W, false, true))));
  return await tf.grad(loss)(weight).data();
}
