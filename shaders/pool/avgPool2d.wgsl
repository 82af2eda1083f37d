// avgPool2d: y = the mean of each window, which divides by kh·kw wherever the window lies; x is zero outside.
// Layout: x [N·C, H, W], y [N·C, H', W']; replica r is workgroup_id.z.
// Order: one accumulator; rows, then columns, ascending.
// Cost: kh·kw flops and 4·kh·kw + 4 bytes an output, before caches.

import package::shared::window::{inputsOf, windowAt};

struct Params {
  planes: u32, height: u32, width: u32, outHeight: u32, outWidth: u32, kernelHeight: u32, kernelWidth: u32,
  strideHeight: u32, strideWidth: u32, padHeight: u32, padWidth: u32,
  xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let r = group.z;
  let out = (group.x + group.y * groups.x) * 64u + lane;
  let window = windowAt(out, params.outHeight, params.outWidth);
  if (window.x >= params.planes) { return; }
  let rows = inputsOf(window.y, params.strideHeight, params.kernelHeight, params.padHeight, params.height);
  let columns = inputsOf(window.z, params.strideWidth, params.kernelWidth, params.padWidth, params.width);
  let base = params.xOffset + r * params.xReplica + window.x * params.height * params.width;
  var sum = 0.0;
  for (var row = rows.x; row < rows.y; row++) {
    for (var column = columns.x; column < columns.y; column++) { sum += x[base + row * params.width + column]; }
  }
  y[params.yOffset + r * params.yReplica + out] = sum / f32(params.kernelHeight * params.kernelWidth);
}
