// broadcast: y[o, r, i] = x[o, i].
// Layout: x [outer, inner], y [outer, repeated, inner].
// Order: no sums.
// Cost: 0 flops, 4 to 8 bytes an output.

struct Params {
  elements: u32, repeated: u32, inner: u32, xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32,
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
  let out = (group.x + group.y * groups.x) * 64u + lane;
  if (out >= params.elements) { return; }
  let source = out / (params.repeated * params.inner) * params.inner + out % params.inner;
  y[params.yOffset + group.z * params.yReplica + out] = x[params.xOffset + group.z * params.xReplica + source];
}
