// fill: y = value.
// Layout: y [elements].
// Order: no sums.
// Cost: 0 flops, 4 bytes an output.

struct Params { elements: u32, value: f32, yOffset: u32, yReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.elements) { return; }
  y[params.yOffset + group.z * params.yReplica + i] = params.value;
}
