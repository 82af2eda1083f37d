// pick: y[o, i] = x[o, index[o, i], i]: of each run along the axis the element at a given place.
// Layout: x [outer, extent, inner]; index (u32, below extent) and y [outer, inner].
// An index past the end gives NaN.
// Order: no sums.
// Cost: 12 bytes an output.

import package::shared::floats::nan;

struct Params {
  outer: u32, extent: u32, inner: u32,
  xOffset: u32, xReplica: u32, indexOffset: u32, indexReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> index: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let out = (group.x + group.y * groups.x) * 64u + lane;
  if (out >= params.outer * params.inner) { return; }
  let o = out / params.inner;
  let r = index[params.indexOffset + group.z * params.indexReplica + out];
  let at = params.xOffset + group.z * params.xReplica + (o * params.extent + min(r, params.extent - 1u)) * params.inner;
  y[params.yOffset + group.z * params.yReplica + out] = select(nan(params.outer), x[at + out % params.inner], r < params.extent);
}
