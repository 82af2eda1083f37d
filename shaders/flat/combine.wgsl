// combine: z = x + factor·Σ_i c[i]·V[i, ·], a vector plus a combination of others: axpy, scaling by a number on the device,
//   and what orthogonalisation subtracts.
// Layout: x and z [4·vectors], V [rows, 4·vectors], all in fours; c [rows].
// Knobs: ADD adds x; else it is left out. PER_THREAD vectors of four a thread, a workgroup apart, for which each c[i] is loaded once.
// Order: i ascending onto one accumulator that begins with 0; x last.
// Cost: 2 flops and 4 bytes an element of V, 8 bytes an element of x: one pass over memory.

// knobs
const ADD: bool = true;
const PER_THREAD: u32 = 1u;
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
  let first = (group.x + group.y * groups.x) * 64u * PER_THREAD + lane;
  if (first >= params.vectors) { return; }
  let r = group.z;
  let vBase = (params.VOffset + r * params.VReplica) / 4u;
  let cBase = params.cOffset + r * params.cReplica;
  // Vectors past the end repeat the last, and are not written.
  var at: array<u32, PER_THREAD>;
  var acc: array<vec4f, PER_THREAD>;
  // unroll
  for (var k = 0u; k < PER_THREAD; k++) { at[k] = vBase + min(first + k * 64u, params.vectors - 1u); }
  for (var i = 0u; i < params.rows; i++) {
    let ci = c[cBase + i];
    let row = i * params.vectors;
    // unroll
    for (var k = 0u; k < PER_THREAD; k++) { acc[k] += ci * V[at[k] + row]; }
  }
  let xBase = (params.xOffset + r * params.xReplica) / 4u;
  let zBase = (params.zOffset + r * params.zReplica) / 4u;
  // unroll
  for (var k = 0u; k < PER_THREAD; k++) {
    let here = first + k * 64u;
    if (here < params.vectors) {
      var sum = acc[k] * params.factor;
      if (ADD) { sum += x[xBase + here]; }
      z[zBase + here] = sum;
    }
  }
}
