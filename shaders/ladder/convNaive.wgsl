// convNaive: a convolution as its formula is written, an invocation an output, neighbours in neighbouring channels: y[n, o, p, q] = Σ_{c, i, j}
//   w[o, c, i, j]·x[n, c, p + i, q + j], stride 1, no padding. The first rung of the ladder of convolutions, and no more than that.
// Layout: x [N, C, H, W], w [O, C, kh, kw], y [N, O, H', W']; replica r is workgroup_id.z.
// Order: one accumulator an output; c, i, j ascending.
// Cost: 2·C·kh·kw flops and 8·C·kh·kw bytes an output, before caches. Neighbours read w C·kh·kw and write y H'·W' numbers apart.

struct Params {
  images: u32, channels: u32, height: u32, width: u32, outChannels: u32, outHeight: u32, outWidth: u32,
  kernelHeight: u32, kernelWidth: u32,
  xOffset: u32, xReplica: u32, wOffset: u32, wReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.x + group.y * groups.x) * 64u + local;
  let plane = params.outHeight * params.outWidth;
  if (index >= params.images * params.outChannels * plane) { return; }
  let o = index % params.outChannels;
  let at = index / params.outChannels % plane;
  let n = index / params.outChannels / plane;
  let p = at / params.outWidth;
  let q = at % params.outWidth;
  let xBase = params.xOffset + group.z * params.xReplica;
  let wBase = params.wOffset + group.z * params.wReplica;
  var sum = 0.0;
  for (var c = 0u; c < params.channels; c++) {
    for (var i = 0u; i < params.kernelHeight; i++) {
      for (var j = 0u; j < params.kernelWidth; j++) {
        let weight = w[wBase + ((o * params.channels + c) * params.kernelHeight + i) * params.kernelWidth + j];
        sum += weight * x[xBase + ((n * params.channels + c) * params.height + p + i) * params.width + q + j];
      }
    }
  }
  y[params.yOffset + group.z * params.yReplica + (n * params.outChannels + o) * plane + at] = sum;
}
