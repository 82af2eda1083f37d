// finish: mean and centred squares from sums over blocks of examples. With e = g − g_0:
//   gradient = (Σ g) / B and variance = Σ e² − (Σ e)² / B. As e_0 = 0 is one of the terms, variance ≥ (Σ e²) / B before
//   rounding, which can make it negative only as `dense` says.
// Layout: moments [blocks, 3, elements]: Σ g, Σ e, Σ e² of each block; gradient and variance [elements].
// Order: blocks ascending, one accumulator a sum.
// Cost: 3 flops and 12 bytes a block and coordinate.

struct Params {
  elements: u32, blocks: u32, count: f32, momentsOffset: u32, momentsReplica: u32,
  gradientOffset: u32, gradientReplica: u32, varianceOffset: u32, varianceReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> moments: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> variance: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.elements) { return; }
  var sum = 0.0;
  var shifted = 0.0;
  var squares = 0.0;
  for (var b = 0u; b < params.blocks; b++) {
    let at = params.momentsOffset + group.z * params.momentsReplica + b * 3u * params.elements + i;
    sum += moments[at];
    shifted += moments[at + params.elements];
    squares += moments[at + 2u * params.elements];
  }
  gradient[params.gradientOffset + group.z * params.gradientReplica + i] = sum / params.count;
  variance[params.varianceOffset + group.z * params.varianceReplica + i] = squares - shifted * (shifted / params.count);
}
