// softTargetCrossEntropy: loss[n] = Σ_c y[n, c]·(log Σ_k exp z[n, k] − z[n, c]).
// Layout: z and y [rows, classes], loss [rows].
// Order: classes ascending; shifted by the row's maximum, so that logits of any size are safe and, of targets of at
//   least 0, nothing is subtracted.
// Cost: about 6 flops and 12 bytes a logit.

struct Params {
  rows: u32, classes: u32,
  zOffset: u32, zReplica: u32, yOffset: u32, yReplica: u32, lossOffset: u32, lossReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;

@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = (group.x + group.y * groups.x) * 16u + lane;
  if (n >= params.rows) { return; }
  let r = group.z;
  let base = params.zOffset + r * params.zReplica + n * params.classes;
  let target0 = params.yOffset + r * params.yReplica + n * params.classes;
  var top = z[base];
  for (var c = 1u; c < params.classes; c++) { top = max(top, z[base + c]); }
  var total = 0.0;
  for (var c = 0u; c < params.classes; c++) { total += exp(z[base + c] - top); }
  let least = log(total);
  var sum = 0.0;
  for (var c = 0u; c < params.classes; c++) { sum += y[target0 + c] * (least + (top - z[base + c])); }
  loss[params.lossOffset + r * params.lossReplica + n] = sum;
}
