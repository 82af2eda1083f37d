// maxPool2d: y = the largest element of each window, and where it is: indices = row·W + column in its own plane, as
//   PyTorch numbers them. Outside the image is −∞; the first of equal elements wins, and the last NaN over everything.
// Layout: x [N·C, H, W]; y and indices [N·C, H', W']; replica r is workgroup_id.z.
// Order: no sums; rows, then columns, ascending.
// Cost: kh·kw comparisons and 4·kh·kw + 8 bytes an output, before caches.

import package::shared::window::{inputsOf, windowAt};
import package::shared::floats::isNan;

struct Params {
  planes: u32, height: u32, width: u32, outHeight: u32, outWidth: u32, kernelHeight: u32, kernelWidth: u32,
  strideHeight: u32, strideWidth: u32, padHeight: u32, padWidth: u32,
  xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32, indicesOffset: u32, indicesReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> indices: array<u32>;

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
  var at = rows.x * params.width + columns.x;
  var best = x[base + at];
  for (var row = rows.x; row < rows.y; row++) {
    for (var column = columns.x; column < columns.y; column++) {
      let v = x[base + row * params.width + column];
      if (isNan(v) || (v > best && !isNan(best))) {
        best = v;
        at = row * params.width + column;
      }
    }
  }
  y[params.yOffset + r * params.yReplica + out] = best;
  indices[params.indicesOffset + r * params.indicesReplica + out] = at;
}
