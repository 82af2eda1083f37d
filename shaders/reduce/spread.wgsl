// spread: y[o, r, i] = d[o, i] where r = index[o, i], else 0: the transpose of pick.
// Layout: d and index (u32) [outer, inner]; y [outer, extent, inner].
// An index past the end gives NaN.
// Order: no sums.
// Cost: 12 bytes an output, before caches.

import package::shared::floats::nan;

struct Params {
  outer: u32, extent: u32, inner: u32,
  dOffset: u32, dReplica: u32, indexOffset: u32, indexReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> d: array<f32>;
@group(0) @binding(2) var<storage, read> index: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let out = (group.x + group.y * groups.x) * 64u + lane;
  if (out >= params.outer * params.extent * params.inner) { return; }
  let source = out / (params.extent * params.inner) * params.inner + out % params.inner;
  let r = out / params.inner % params.extent;
  let at = index[params.indexOffset + group.z * params.indexReplica + source];
  let value = select(0.0, d[params.dOffset + group.z * params.dReplica + source], at == r);
  y[params.yOffset + group.z * params.yReplica + out] = select(nan(params.outer), value, at < params.extent);
}
