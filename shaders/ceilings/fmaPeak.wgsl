// fmaPeak: y[i] = the components' sum of independent chains v ← fma(v, factor, addend), in registers: the arithmetic ceiling
//   of the roofline.
// Layout: y [invocations], a number an invocation; replica r is workgroup_id.z. Chain c of invocation i starts at i + c,
//   in all four components.
// Knobs: CHAINS of vectors of four an invocation, so that one need not wait for the other; STEPS of each before the loop
//   turns, of which rounds is a multiple.
// Order: chains ascending, components (0 + 1) + (2 + 3).
// Cost: 8 CHAINS rounds flops an invocation, and 4 bytes.

// knobs
const CHAINS: u32 = 2u;
const STEPS: u32 = 8u;
// end knobs

struct Params { invocations: u32, rounds: u32, factor: f32, addend: f32, yOffset: u32, yReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.invocations) { return; }
  let factor = vec4f(params.factor);
  let addend = vec4f(params.addend);
  var chain: array<vec4f, CHAINS>;
  // unroll
  for (var c = 0u; c < CHAINS; c++) { chain[c] = vec4f(f32(i + c)); }
  for (var r = 0u; r < params.rounds; r += STEPS) {
    // unroll
    for (var s = 0u; s < STEPS; s++) {
      // unroll
      for (var c = 0u; c < CHAINS; c++) { chain[c] = fma(chain[c], factor, addend); }
    }
  }
  var sum = vec4f();
  // unroll
  for (var c = 0u; c < CHAINS; c++) { sum += chain[c]; }
  y[params.yOffset + group.z * params.yReplica + i] = (sum.x + sum.y) + (sum.z + sum.w);
}
