// copyBandwidth: y = x, in vectors of four: what a kernel can move, for the ceiling of the roofline.
// Layout: x and y [4 vectors], a vector a place; replica r is workgroup_id.z.
// Knobs: EACH vectors an invocation, as far apart as there are invocations, so that neighbours touch neighbours.
// Order: nothing is summed.
// Cost: 8 bytes an element.

// knobs
const EACH: u32 = 1u;
// end knobs

struct Params { vectors: u32, xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let xBase = (params.xOffset + group.z * params.xReplica) / 4u;
  let yBase = (params.yOffset + group.z * params.yReplica) / 4u;
  let step = (params.vectors + EACH - 1u) / EACH;
  let first = (group.x + group.y * groups.x) * 64u + lane;
  if (first >= step) { return; }
  // unroll
  for (var e = 0u; e < EACH; e++) {
    let i = first + e * step;
    if (i < params.vectors) { y[yBase + i] = x[xBase + i]; }
  }
}
