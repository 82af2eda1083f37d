// poolScatter: dx[k, i] = Σ dy[k, o] over the windows o whose chosen element is i: the transpose of poolGather. Each
//   element looks at the windows that hold it, so nothing is added atomically.
// Layout: dy and indices [N·C, H', W']; dx [N·C, H, W]; replica r is workgroup_id.z.
// Order: one accumulator an output; rows of windows, then columns, ascending.
// Cost: one comparison, at most one flop and 8 bytes a window that holds the element.

import package::shared::window::windowsOf;

struct Params {
  planes: u32, height: u32, width: u32, outHeight: u32, outWidth: u32, kernelHeight: u32, kernelWidth: u32,
  strideHeight: u32, strideWidth: u32, padHeight: u32, padWidth: u32,
  dyOffset: u32, dyReplica: u32, indicesOffset: u32, indicesReplica: u32, dxOffset: u32, dxReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

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
  let me = row * params.width + column;
  var sum = 0.0;
  for (var p = ps.x; p < ps.y; p++) {
    for (var q = qs.x; q < qs.y; q++) {
      let o = plane + p * params.outWidth + q;
      if (indices[params.indicesOffset + r * params.indicesReplica + o] == me) {
        sum += dy[params.dyOffset + r * params.dyReplica + o];
      }
    }
  }
  dx[params.dxOffset + r * params.dxReplica + element] = sum;
}
