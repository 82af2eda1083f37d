// signStep: y = x + share·r·sign(g), brought back into the box |y| ≤ r: a step of projected sign ascent.
// Layout: x, g, r and y [elements]; r is not negative.
// Order: nothing is summed.
// Cost: 4 flops and 16 bytes an element.

struct Params {
  elements: u32, share: f32,
  xOffset: u32, xReplica: u32, gOffset: u32, gReplica: u32, rOffset: u32, rReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read> r: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let e = (group.x + group.y * groups.x) * 64u + lane;
  if (e >= params.elements) { return; }
  let replica = group.z;
  let slope = g[params.gOffset + replica * params.gReplica + e];
  let radius = r[params.rOffset + replica * params.rReplica + e];
  // No step where the slope is 0, or no number.
  let up = slope > 0.0;
  let down = slope < 0.0;
  let by = f32(up) - f32(down);
  let moved = x[params.xOffset + replica * params.xReplica + e] + params.share * radius * by;
  y[params.yOffset + replica * params.yReplica + e] = clamp(moved, -radius, radius);
}
