// combine: z = x + factor·Σ_i c[i]·V[i, ·], a vector plus a combination of others: axpy, scaling by a number on the device,
//   and what orthogonalisation subtracts.
// Layout: x and z [4·vectors], V [rows, 4·vectors], all in fours; c [rows].
// Knobs: ADD adds x; else it is left out.
// Order: i ascending onto one accumulator that begins with 0; x last.
// Cost: 2 flops and 4 bytes an element of V, 8 bytes an element of x: one pass over memory.

// knobs
const ADD: bool = true;
// end knobs

struct Params {
  vectors: u32, rows: u32, factor: f32,
  xOffset: u32, xReplica: u32, VOffset: u32, VReplica: u32, cOffset: u32, cReplica: u32, zOffset: u32, zReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> V: array<vec4f>;
@group(0) @binding(3) var<storage, read> c: array<f32>;
@group(0) @binding(4) var<storage, read_write> z: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = (group.x + group.y * groups.x) * 64u + lane;
  if (at >= params.vectors) { return; }
  let r = group.z;
  let vBase = (params.VOffset + r * params.VReplica) / 4u + at;
  let cBase = params.cOffset + r * params.cReplica;
  var acc = vec4f();
  for (var i = 0u; i < params.rows; i++) { acc += c[cBase + i] * V[vBase + i * params.vectors]; }
  acc *= params.factor;
  if (ADD) { acc += x[(params.xOffset + r * params.xReplica) / 4u + at]; }
  z[(params.zOffset + r * params.zReplica) / 4u + at] = acc;
}
