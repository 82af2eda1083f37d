// accumulate: y += x, in place.
// Layout: x, y [elements], both begun at a vector of four; what lies past the last element of y stays as it is.
// Order: one addition an element.
// Cost: 1 flop, 12 bytes an element.

struct Params { elements: u32, xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (4u * i >= params.elements) { return; }
  let at = (params.yOffset + group.z * params.yReplica) / 4u + i;
  let before = y[at];
  let sum = before + x[(params.xOffset + group.z * params.xReplica) / 4u + i];
  y[at] = select(before, sum, vec4u(4u * i) + vec4u(0u, 1u, 2u, 3u) < vec4u(params.elements));
}
