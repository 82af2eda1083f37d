import { defaultDevice, grad, init, nn, numpy as np } from '@jax-js/jax';

export async function gradient({ x, w, shape: [batch, inputs, outputs] }) {
  await init('webgpu');
  defaultDevice('webgpu');
  const data = np.array(x).reshape([batch, inputs]);
  const weight = np.array(w).reshape([outputs, inputs]);
  const loss = (W) => np.square(nn.relu(np.matmul(data, W.transpose()))).mean();
  return await grad(loss)(weight).data();
}
