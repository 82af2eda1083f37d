// sumInterleaved: y[g] = Σ of the 256 elements of workgroup g, as a tree whose partners are 1, 2, 4, … apart; further
//   dispatches sum the sums. A rung of the ladder of reductions.
// Layout: x [elements], y [elements / 256 rounded up]; replica r is workgroup_id.z.
// Order: lane i + span onto lane i, where i is a multiple of 2 span, spans ascending.
// Cost: 1 flop and 4 bytes an element; 1 kB of workgroup memory, eight barriers for 256 elements. At every level half of
//   the lanes that still work fall idle, spread over all subgroups.

struct Params { elements: u32, xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

var<workgroup> parts: array<f32, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let out = group.x + group.y * groups.x;
  let i = out * 256u + lane;
  var value = 0.0;
  if (i < params.elements) { value = x[params.xOffset + group.z * params.xReplica + i]; }
  parts[lane] = value;
  for (var span = 1u; span < 256u; span *= 2u) {
    workgroupBarrier();
    if (lane % (2u * span) == 0u) { parts[lane] += parts[lane + span]; }
  }
  if (lane == 0u && out * 256u < params.elements) {
    y[params.yOffset + group.z * params.yReplica + out] = parts[0];
  }
}
