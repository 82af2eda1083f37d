// joinRows: y[g, start + i] = x[g, i]: one operand's part of every row of y, which is several operands side by side.
// Layout: x [groups, width], y [groups, stride].
// Order: no sums.
// Cost: 0 flops, 8 bytes an element of x.

struct Params {
  elements: u32, width: u32, stride: u32, start: u32, xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32,
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
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.elements) { return; }
  let at = i / params.width * params.stride + params.start + i % params.width;
  y[params.yOffset + group.z * params.yReplica + at] = x[params.xOffset + group.z * params.xReplica + i];
}
