// The step written by hand in five kernels, with sizes and learning rate baked in: no library, no program to plan, no
// optimiser apart from the weight gradients. 4×4 tiles in registers, no workgroup memory. Sizes are multiples of 4.

const FOUR = [0, 1, 2, 3];
const lines = (make) => FOUR.map(make).join(' ');
/** c[i] += a(i, j) · b[j], all sixteen. */
const products = (a) =>
  FOUR.flatMap((i) => FOUR.map((j) => `c${i} = fma(vec4f(${a(i, j)}), b${j}, c${i});`)).join(' ');

const sources = ({ batch: B, inputs: I, hidden: H, classes: C, rate }) => ({
  hidden: `
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> h: array<vec4f>;
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) g: vec3u) {
  if (g.x >= ${H / 4}u || g.y >= ${B / 4}u) { return; }
  let r = g.y * 4u; let c = g.x;
  ${lines((i) => `var c${i} = bias[c];`)}
  for (var t = 0u; t < ${I / 4}u; t++) {
    ${lines((i) => `let a${i} = x[(r + ${i}u) * ${I / 4}u + t]; let b${i} = w[(t * 4u + ${i}u) * ${H / 4}u + c];`)}
    ${products((i, j) => `a${i}.${'xyzw'[j]}`)}
  }
  ${lines((i) => `h[(r + ${i}u) * ${H / 4}u + c] = max(c${i}, vec4f());`)}
}`,
  output: `
@group(0) @binding(0) var<storage, read> h: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> dz: array<f32>;
@group(0) @binding(5) var<storage, read_write> loss: array<f32>;
@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) g: vec3u) {
  let i = g.x;
  if (i >= ${B}u) { return; }
  var z: array<f32, ${C}>;
  for (var c = 0u; c < ${C}u; c++) { z[c] = bias[c]; }
  for (var j = 0u; j < ${H}u; j++) {
    let v = h[i * ${H}u + j];
    for (var c = 0u; c < ${C}u; c++) { z[c] += v * w[j * ${C}u + c]; }
  }
  var top = z[0];
  for (var c = 1u; c < ${C}u; c++) { top = max(top, z[c]); }
  var total = 0.0;
  for (var c = 0u; c < ${C}u; c++) { total += exp(z[c] - top); }
  var l = 0.0;
  for (var c = 0u; c < ${C}u; c++) {
    let hot = y[i * ${C}u + c];
    l -= hot * (z[c] - top - log(total));
    dz[i * ${C}u + c] = (exp(z[c] - top) / total - hot) / ${B}.0;
  }
  loss[i] = l / ${B}.0;
}`,
  hiddenGradient: `
@group(0) @binding(0) var<storage, read> h: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> dz: array<f32>;
@group(0) @binding(3) var<storage, read_write> da: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) g: vec3u) {
  if (g.x >= ${B * H}u) { return; }
  let i = g.x / ${H}u; let j = g.x % ${H}u;
  var s = 0.0;
  if (h[g.x] > 0.0) { for (var c = 0u; c < ${C}u; c++) { s += dz[i * ${C}u + c] * w[j * ${C}u + c]; } }
  da[g.x] = s;
}`,
  firstWeights: `
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> da: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> w: array<vec4f>;
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) g: vec3u) {
  if (g.x >= ${H / 4}u || g.y >= ${I / 4}u) { return; }
  ${lines((i) => `var c${i} = vec4f();`)}
  for (var t = 0u; t < ${B}u; t++) {
    let a = x[t * ${I / 4}u + g.y]; let b = da[t * ${H / 4}u + g.x];
    ${lines((i) => `c${i} = fma(vec4f(a.${'xyzw'[i]}), b, c${i});`)}
  }
  ${lines((i) => `w[(g.y * 4u + ${i}u) * ${H / 4}u + g.x] -= ${rate} * c${i};`)}
}`,
  otherParameters: `
@group(0) @binding(0) var<storage, read> h: array<f32>;
@group(0) @binding(1) var<storage, read> da: array<f32>;
@group(0) @binding(2) var<storage, read> dz: array<f32>;
@group(0) @binding(3) var<storage, read_write> b1: array<f32>;
@group(0) @binding(4) var<storage, read_write> w2: array<f32>;
@group(0) @binding(5) var<storage, read_write> b2: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) g: vec3u) {
  let n = g.x;
  var s = 0.0;
  if (n < ${H * C}u) {
    let j = n / ${C}u; let c = n % ${C}u;
    for (var i = 0u; i < ${B}u; i++) { s += h[i * ${H}u + j] * dz[i * ${C}u + c]; }
    w2[n] -= ${rate} * s;
  } else if (n < ${H * C + H}u) {
    let j = n - ${H * C}u;
    for (var i = 0u; i < ${B}u; i++) { s += da[i * ${H}u + j]; }
    b1[j] -= ${rate} * s;
  } else if (n < ${H * C + H + C}u) {
    let c = n - ${H * C + H}u;
    for (var i = 0u; i < ${B}u; i++) { s += dz[i * ${C}u + c]; }
    b2[c] -= ${rate} * s;
  }
}`,
});

let device;

export default {
  name: 'bare kernels',

  async init() {
    const adapter = await navigator.gpu.requestAdapter();
    device = await adapter.requestDevice();
  },

  async mlpStep(task) {
    const { batch: B, inputs: I, hidden: H, classes: C } = task;
    const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    const buffer = (length, data) => {
      const made = device.createBuffer({
        size: Math.max(16, 4 * length),
        usage: STORAGE | COPY_SRC | COPY_DST,
      });
      if (data) device.queue.writeBuffer(made, 0, data);
      return made;
    };
    const filled = (data) => buffer(data.length, data);
    const [x, y, w1, b1, w2, b2] = [task.x, task.y, task.w1, task.b1, task.w2, task.b2].map(filled);
    const [h, da, dz, loss] = [B * H, B * H, B * C, B].map((length) => buffer(length));
    const staging = device.createBuffer({ size: 4 * B, usage: MAP_READ | COPY_DST });

    const kernel = async (code, buffers, groups) => {
      const module = device.createShaderModule({ code });
      const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
      const entries = buffers.map((bound, binding) => ({ binding, resource: { buffer: bound } }));
      const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
      return { pipeline, group, groups };
    };
    const tiles = (extent) => Math.ceil(extent / 32);
    const code = sources(task);
    const kernels = await Promise.all([
      kernel(code.hidden, [x, w1, b1, h], [tiles(H), tiles(B)]),
      kernel(code.output, [h, w2, b2, y, dz, loss], [Math.ceil(B / 16)]),
      kernel(code.hiddenGradient, [h, w2, dz, da], [Math.ceil((B * H) / 64)]),
      kernel(code.firstWeights, [x, da, w1], [tiles(H), tiles(I)]),
      kernel(code.otherParameters, [h, da, dz, b1, w2, b2], [Math.ceil((H * C + H + C) / 64)]),
    ]);
    let lastLoss;
    return {
      async run(steps) {
        const encoder = device.createCommandEncoder();
        const pass = encoder.beginComputePass();
        for (let i = 0; i < steps; i++) {
          for (const { pipeline, group, groups } of kernels) {
            pass.setPipeline(pipeline);
            pass.setBindGroup(0, group);
            pass.dispatchWorkgroups(...groups);
          }
        }
        pass.end();
        encoder.copyBufferToBuffer(loss, 0, staging, 0, 4 * B);
        device.queue.submit([encoder.finish()]);
        await staging.mapAsync(GPUMapMode.READ);
        const losses = new Float32Array(staging.getMappedRange().slice(0));
        staging.unmap();
        lastLoss = losses.reduce((sum, value) => sum + value, 0);
      },
      read: async () => Float32Array.of(lastLoss),
      dispose() {
        for (const made of [x, y, w1, b1, w2, b2, h, da, dz, loss, staging]) made.destroy();
      },
    };
  },
};
