// attentionMix: o[m, t, e] = Σ_j p[m, t, j] v[m, j, e], an invocation a number, neighbours in neighbouring e. The last step of the first
//   rung of the ladder of attention, and no more than that.
// Layout: p [matrices, places, places], v and o [matrices, places, width]; replica r is workgroup_id.z.
// Order: one accumulator a number, j ascending.
// Cost: 2 places flops and 8 places bytes a number, before caches.

struct Params {
  matrices: u32, places: u32, width: u32,
  pOffset: u32, pReplica: u32, vOffset: u32, vReplica: u32, oOffset: u32, oReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read_write> o: array<f32>;

@compute @workgroup_size(64) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.x + group.y * groups.x) * 64u + local;
  let row = index / params.width;
  if (row >= params.matrices * params.places) { return; }
  let e = index % params.width;
  let first = row / params.places * params.places;
  let pAt = params.pOffset + group.z * params.pReplica + row * params.places;
  let vAt = params.vOffset + group.z * params.vReplica + first * params.width + e;
  var sum = 0.0;
  for (var j = 0u; j < params.places; j++) { sum += p[pAt + j] * v[vAt + j * params.width]; }
  o[params.oOffset + group.z * params.oReplica + index] = sum;
}
