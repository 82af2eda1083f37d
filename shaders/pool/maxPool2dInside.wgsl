// maxPool2dInside: what `maxPool2d` computes where no window leaves the image: the largest element of each window, and where it is, indices =
//   row·W + column in its own plane. The first of equal elements wins, and the last NaN over everything.
// Layout: x [N·C, H, W]; y and indices [N·C, H', W']; replica r is workgroup_id.z.
// Knobs: KH and KW, the window's height and width, so that it is written out without a branch.
// Order: no sums; rows, then columns, ascending.
// Cost: kh·kw comparisons and 4·kh·kw + 8 bytes an output, before caches.

import package::shared::floats::isNan;
import package::shared::window::windowAt;

// knobs
const KH: u32 = 2u;
const KW: u32 = 2u;
// end knobs

struct Params {
  planes: u32, height: u32, width: u32, outHeight: u32, outWidth: u32, strideHeight: u32, strideWidth: u32,
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
  let first = window.y * params.strideHeight * params.width + window.z * params.strideWidth;
  let base = params.xOffset + r * params.xReplica + window.x * params.height * params.width + first;
  var best = x[base];
  var at = 0u;
  // unroll
  for (var i = 0u; i < KH; i++) {
    // unroll
    for (var j = 0u; j < KW; j++) {
      let v = x[base + i * params.width + j];
      let wins = isNan(v) | ((v > best) & !isNan(best));
      best = select(best, v, wins);
      at = select(at, i * params.width + j, wins);
    }
  }
  y[params.yOffset + r * params.yReplica + out] = best;
  indices[params.indicesOffset + r * params.indicesReplica + out] = first + at;
}
