// softmaxJacobian: out[n, c] = factor·p[n, c]·(v[n, c] − Σ_k p[n, k]·v[n, k]): the Jacobian of a row's softmax p, times v.
// Layout: p, v and out [rows, classes]; replica r is workgroup_id.z.
// Order: the row's sum is of classes ascending.
// Cost: 5 flops and 20 bytes an element, 8 of these bytes read a second time.

struct Params {
  rows: u32, classes: u32, factor: f32,
  pOffset: u32, pReplica: u32, vOffset: u32, vReplica: u32, outOffset: u32, outReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = (group.x + group.y * groups.x) * 16u + lane;
  if (n >= params.rows) { return; }
  let pAt = params.pOffset + group.z * params.pReplica + n * params.classes;
  let vAt = params.vOffset + group.z * params.vReplica + n * params.classes;
  let outAt = params.outOffset + group.z * params.outReplica + n * params.classes;
  var along = 0.0;
  for (var c = 0u; c < params.classes; c++) { along += p[pAt + c] * v[vAt + c]; }
  for (var c = 0u; c < params.classes; c++) { out[outAt + c] = params.factor * p[pAt + c] * (v[vAt + c] - along); }
}
