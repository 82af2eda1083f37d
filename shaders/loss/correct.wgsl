// correct: 1 where the largest logit of a row is its label's, else 0; the first of equal logits counts,
//   and a NaN is larger than every number: argmax's rule (reduce/max), and PyTorch's.
// Layout: z [rows, classes]; labels and y [rows].
// Order: no sums.
// Cost: 1 comparison and 4 bytes a logit.

import package::shared::floats::isNan;

struct Params {
  rows: u32, classes: u32, zOffset: u32, zReplica: u32, labelsOffset: u32, labelsReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = (group.x + group.y * groups.x) * 16u + lane;
  if (n >= params.rows) { return; }
  let base = params.zOffset + group.z * params.zReplica + n * params.classes;
  var best = 0u;
  for (var c = 1u; c < params.classes; c++) {
    let v = z[base + c];
    let largest = z[base + best];
    if (!isNan(largest) && (isNan(v) || v > largest)) { best = c; }
  }
  let label = labels[params.labelsOffset + group.z * params.labelsReplica + n];
  y[params.yOffset + group.z * params.yReplica + n] = select(0.0, 1.0, best == label);
}
