// avgPool2dGradient: dx[k, y, x] = Σ dy[k, p, q] / (kh·kw) over the windows (p, q) that hold (y, x): the transpose of
//   avgPool2d.
// Layout: dy [N·C, H', W'], dx [N·C, H, W]; replica r is workgroup_id.z.
// Order: one accumulator an output; rows of windows, then columns, ascending.
// Cost: one flop and 4 bytes a window that holds the element.

import package::shared::window::windowsOf;

struct Params {
  planes: u32, height: u32, width: u32, outHeight: u32, outWidth: u32, kernelHeight: u32, kernelWidth: u32,
  strideHeight: u32, strideWidth: u32, padHeight: u32, padWidth: u32,
  dyOffset: u32, dyReplica: u32, dxOffset: u32, dxReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let r = group.z;
  let element = (group.x + group.y * groups.x) * 64u + lane;
  if (element >= params.planes * params.height * params.width) { return; }
  let column = element % params.width;
  let row = element / params.width % params.height;
  let plane = element / (params.height * params.width) * params.outHeight * params.outWidth;
  // The windows (p, q) that hold (row, column).
  let ps = windowsOf(row, params.strideHeight, params.kernelHeight, params.padHeight, params.outHeight);
  let qs = windowsOf(column, params.strideWidth, params.kernelWidth, params.padWidth, params.outWidth);
  var sum = 0.0;
  for (var p = ps.x; p < ps.y; p++) {
    for (var q = qs.x; q < qs.y; q++) { sum += dy[params.dyOffset + r * params.dyReplica + plane + p * params.outWidth + q]; }
  }
  dx[params.dxOffset + r * params.dxReplica + element] = sum / f32(params.kernelHeight * params.kernelWidth);
}
