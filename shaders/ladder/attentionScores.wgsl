// attentionScores: s[m, t, j] = scale Σ_e q[m, t, e] k[m, j, e], an invocation a score, neighbours in neighbouring j; with CAUSAL those of
//   j ≤ t, and 0 elsewhere. The first rung of the ladder of attention, and no more than that.
// Layout: q and k [matrices, places, width], s [matrices, places, places]; replica r is workgroup_id.z.
// Knobs: CAUSAL.
// Order: one accumulator a score, e ascending.
// Cost: 2 width flops and 8 width bytes a score, before caches. Neighbours read k width numbers apart.

// knobs
const CAUSAL: bool = false;
// end knobs

struct Params {
  matrices: u32, places: u32, width: u32, scale: f32,
  qOffset: u32, qReplica: u32, kOffset: u32, kReplica: u32, sOffset: u32, sReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> k: array<f32>;
@group(0) @binding(3) var<storage, read_write> s: array<f32>;

@compute @workgroup_size(64) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.x + group.y * groups.x) * 64u + local;
  let row = index / params.places;
  if (row >= params.matrices * params.places) { return; }
  let j = index % params.places;
  let t = row % params.places;
  let qAt = params.qOffset + group.z * params.qReplica + row * params.width;
  let kAt = params.kOffset + group.z * params.kReplica + (row - t + j) * params.width;
  var sum = 0.0;
  if (!CAUSAL || j <= t) {
    for (var e = 0u; e < params.width; e++) { sum += q[qAt + e] * k[kAt + e]; }
  }
  s[params.sOffset + group.z * params.sReplica + index] = params.scale * sum;
}
