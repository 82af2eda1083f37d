import { env, InferenceSession, Tensor } from 'onnxruntime-web/webgpu';
import { node, onnxModel } from '../onnx/onnxModel.js';

const KEYS = ['w1', 'b1', 'w2', 'b2'];
let device;

/**
 * Dawn for Node refuses what ONNX Runtime's WebAssembly hands to it: views of shared memory ("Invalid argument").
 * To be removed when Dawn takes them.
 */
function copySharedMemory() {
  const { writeBuffer } = GPUQueue.prototype;
  GPUQueue.prototype.writeBuffer = function (buffer, offset, data, from = 0, count = undefined) {
    const view = ArrayBuffer.isView(data) ? data : new Uint8Array(data);
    if (!(view.buffer instanceof SharedArrayBuffer)) {
      return writeBuffer.call(this, buffer, offset, data, from, count);
    }
    const end = count === undefined ? undefined : from + count;
    return writeBuffer.call(this, buffer, offset, view.slice(from, end));
  };
}

const open = (graph) =>
  InferenceSession.create(onnxModel(graph), {
    executionProviders: ['webgpu'],
    preferredOutputLocation: 'gpu-buffer',
    logSeverityLevel: 3,
  });

/** Float32Array → a tensor on the device. */
function upload(data, dims) {
  const buffer = device.createBuffer({
    size: Math.max(16, Math.ceil(data.byteLength / 16) * 16),
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  device.queue.writeBuffer(buffer, 0, data);
  return Tensor.fromGpuBuffer(buffer, { dataType: 'float32', dims, dispose: () => buffer.destroy() });
}

/** A graph with the output `out`, over and over. */
async function repeated(graph, data) {
  const session = await open(graph);
  const feeds = Object.fromEntries(
    Object.entries(graph.inputs).map(([name, dims]) => [name, upload(data[name], dims)]),
  );
  let held;
  return {
    async run(times) {
      for (let i = 0; i < times; i++) {
        held?.dispose();
        held = (await session.run(feeds)).out;
      }
    },
    read: () => held.getData(),
    async dispose() {
      for (const tensor of [held, ...Object.values(feeds)]) tensor?.dispose();
      await session.release();
    },
  };
}

/** There is no differentiation: the backward pass by hand, the update folded into products, C = W − ε·AᵀB. */
function trainingGraph({ batch, inputs, hidden, classes, rate }) {
  const shapes = { w1: [inputs, hidden], b1: [1, hidden], w2: [hidden, classes], b2: [1, classes] };
  const minus = { transA: { i: 1 }, alpha: { f: -rate / batch } };
  return {
    nodes: [
      node('Gemm', ['x', 'w1', 'b1'], 'a'),
      node('Relu', ['a'], 'h'),
      node('Gemm', ['h', 'w2', 'b2'], 'z'),
      node('Softmax', ['z'], 'p', { axis: { i: 1 } }),
      node('Log', ['p'], 'logP'),
      node('Mul', ['y', 'logP'], 'picked'),
      node('ReduceSum', ['picked'], 'total', { keepdims: { i: 0 } }),
      node('Mul', ['total', 'minusOneOverBatch'], 'loss'),
      // B times the gradients with respect to z and a.
      node('Sub', ['p', 'y'], 'dz'),
      node('Gemm', ['dz', 'w2'], 'dh', { transB: { i: 1 } }),
      node('Greater', ['h', 'zero'], 'on'),
      node('Where', ['on', 'dh', 'zero'], 'da'),
      node('Gemm', ['x', 'da', 'w1'], 'w1New', minus),
      node('Gemm', ['h', 'dz', 'w2'], 'w2New', minus),
      node('ReduceSum', ['da', 'rows'], 'db1'),
      node('ReduceSum', ['dz', 'rows'], 'db2'),
      node('Mul', ['db1', 'rateOverBatch'], 'step1'),
      node('Mul', ['db2', 'rateOverBatch'], 'step2'),
      node('Sub', ['b1', 'step1'], 'b1New'),
      node('Sub', ['b2', 'step2'], 'b2New'),
    ],
    inputs: { x: [batch, inputs], y: [batch, classes], ...shapes },
    outputs: { loss: [], ...Object.fromEntries(KEYS.map((key) => [`${key}New`, shapes[key]])) },
    constants: { minusOneOverBatch: -1 / batch, rateOverBatch: rate / batch, zero: 0, rows: [0] },
  };
}

export default {
  name: 'ONNX Runtime Web',
  version: __VERSIONS__['onnxruntime-web'],

  async init() {
    // Under Node the package finds its WebAssembly itself; a page has it beside this file.
    if (navigator.userAgent === 'node') copySharedMemory();
    else env.wasm.wasmPaths = new URL('.', import.meta.url).href;
    env.wasm.numThreads = 1;
    // The device comes with the first session and goes with the last, so this one is kept.
    await open({ nodes: [node('Relu', ['x'], 'out')], inputs: { x: [4] }, outputs: { out: [4] } });
    device = await env.webgpu.device;
  },

  matmul({ form, m, n, k, a, b }) {
    const product =
      form === 'NN'
        ? node('MatMul', ['a', 'b'], 'out')
        : node('Gemm', ['a', 'b'], 'out', form === 'TN' ? { transA: { i: 1 } } : { transB: { i: 1 } });
    return repeated(
      {
        nodes: [product],
        inputs: { a: form === 'TN' ? [k, m] : [m, k], b: form === 'NT' ? [n, k] : [k, n] },
        outputs: { out: [m, n] },
      },
      { a, b },
    );
  },

  sum: ({ x }) =>
    repeated(
      {
        nodes: [node('ReduceSum', ['x'], 'out', { keepdims: { i: 0 } })],
        inputs: { x: [x.length] },
        outputs: { out: [] },
      },
      { x },
    ),

  async mlpStep(task) {
    const graph = trainingGraph(task);
    const session = await open(graph);
    const { x, y, ...initial } = Object.fromEntries(
      Object.entries(graph.inputs).map(([name, dims]) => [name, upload(task[name], dims)]),
    );
    let parameters = initial;
    let loss;
    return {
      async run(steps) {
        for (let i = 0; i < steps; i++) {
          const made = await session.run({ x, y, ...parameters });
          for (const tensor of Object.values(parameters)) tensor.dispose();
          parameters = Object.fromEntries(KEYS.map((key) => [key, made[`${key}New`]]));
          if (i === steps - 1) loss = Float32Array.from(await made.loss.getData());
          made.loss.dispose();
        }
      },
      read: async () => loss,
      async dispose() {
        for (const tensor of [x, y, ...Object.values(parameters)]) tensor.dispose();
        await session.release();
      },
    };
  },
};
