import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from '@jax-js/jax';

const KEYS = ['w1', 'b1', 'w2', 'b2'];

// Every function consumes its arguments, as the library asks.
const loss = (p, x, y) => {
  const h = nn.relu(np.matmul(x, p.w1).add(p.b1));
  const z = np.matmul(h, p.w2).add(p.b2);
  return nn.logSoftmax(z).mul(y).sum(-1).mean().neg();
};
const references = (p) => Object.fromEntries(KEYS.map((key) => [key, p[key].ref]));

export default {
  name: 'jax-js',
  version: __VERSIONS__['@jax-js/jax'],

  async init() {
    const backends = await init('webgpu');
    if (!backends.includes('webgpu')) throw new Error(`jax-js has the backends ${backends}, and not webgpu`);
    defaultDevice('webgpu');
  },

  mlpStep({ batch, inputs, hidden, classes, rate, x: images, y: oneHot, w1, b1, w2, b2 }) {
    let parameters = {
      w1: np.array(w1).reshape([inputs, hidden]),
      b1: np.array(b1),
      w2: np.array(w2).reshape([hidden, classes]),
      b2: np.array(b2),
    };
    const x = np.array(images).reshape([batch, inputs]);
    const y = np.array(oneHot).reshape([batch, classes]);
    const step = jit((p, bx, by) => {
      const [value, gradient] = valueAndGrad(loss)(references(p), bx, by);
      return [value, Object.fromEntries(KEYS.map((key) => [key, p[key].sub(gradient[key].mul(rate))]))];
    });
    return {
      async run(steps) {
        let value;
        for (let i = 0; i < steps; i++) {
          value?.dispose();
          [value, parameters] = step(parameters, x.ref, y.ref);
        }
        await blockUntilReady(parameters);
        return (await value.data())[0];
      },
      dispose() {
        for (const array of [x, y, ...Object.values(parameters)]) array.dispose();
      },
    };
  },
};
