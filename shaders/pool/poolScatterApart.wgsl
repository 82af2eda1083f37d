// poolScatterApart: what `poolScatter` computes where windows neither overlap nor leave the image: dx[k, i] = dy[k, o] at the chosen element i of
//   window o, and 0 elsewhere. Each window writes its own elements, the last of a row or column also those behind it.
// Layout: dy and indices [N·C, H', W']; dx [N·C, H, W]; replica r is workgroup_id.z.
// Knobs: SH and SW, the strides: a window has that many rows and columns to write.
// Order: no sums.
// Cost: 4·sh·sw + 8 bytes a window.

import package::shared::window::windowAt;

// knobs
const SH: u32 = 2u;
const SW: u32 = 2u;
// end knobs

struct Params {
  planes: u32, height: u32, width: u32, outHeight: u32, outWidth: u32,
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
  let out = (group.x + group.y * groups.x) * 64u + lane;
  let window = windowAt(out, params.outHeight, params.outWidth);
  if (window.x >= params.planes) { return; }
  let p = window.y;
  let q = window.z;
  let first = p * SH * params.width + q * SW;
  let base = params.dxOffset + r * params.dxReplica + window.x * params.height * params.width + first;
  let d = dy[params.dyOffset + r * params.dyReplica + out];
  let chosen = indices[params.indicesOffset + r * params.indicesReplica + out] - first;
  // Where windows are higher or wider apart than the image goes on, they end with it.
  let rows = min(SH, params.height - p * SH);
  let columns = min(SW, params.width - q * SW);
  if (rows == SH && columns == SW) {
    // unroll
    for (var i = 0u; i < SH; i++) {
      // unroll
      for (var j = 0u; j < SW; j++) {
        let at = i * params.width + j;
        dx[base + at] = select(0.0, d, chosen == at);
      }
    }
  } else {
    for (var i = 0u; i < rows; i++) {
      for (var j = 0u; j < columns; j++) {
        let at = i * params.width + j;
        dx[base + at] = select(0.0, d, chosen == at);
      }
    }
  }
  // Behind the last window nothing is chosen.
  let right = select(0u, params.width - q * SW - columns, q + 1u == params.outWidth);
  let below = select(0u, params.height - p * SH - rows, p + 1u == params.outHeight);
  for (var i = 0u; i < rows; i++) {
    for (var j = 0u; j < right; j++) { dx[base + i * params.width + columns + j] = 0.0; }
  }
  for (var i = 0u; i < below; i++) {
    for (var j = 0u; j < columns + right; j++) { dx[base + (rows + i) * params.width + j] = 0.0; }
  }
}
