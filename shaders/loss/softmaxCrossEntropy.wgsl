// softmaxCrossEntropy: loss[n] = log Σ_c exp z[n, c] − z[n, y_n] and gradient[n, c] = w_n·(softmax(z)[n, c] − [c = y_n]).
// Layout: z and gradient [rows, classes]; labels, weights and loss [rows].
// Knobs: LOSS and GRADIENT say which are written; LABELS false leaves [c = y_n] out (the plain softmax);
//   WEIGHTED takes w_n from `weights`, else it is the parameter `scale`.
// A label past the classes makes its row NaN, and so does a logit that is NaN or, if it is the largest, infinite.
// Order: classes ascending; shifted by the row's maximum, so that logits of any size are safe.
// Cost: about 8 flops and 12 bytes a logit.

import package::shared::floats::{isFinite, isNan, nan};

// knobs
const LOSS: bool = true;
const GRADIENT: bool = true;
const LABELS: bool = true;
const WEIGHTED: bool = true;
// end knobs

struct Params {
  rows: u32, classes: u32, scale: f32,
  zOffset: u32, zReplica: u32, labelsOffset: u32, labelsReplica: u32, weightsOffset: u32, weightsReplica: u32,
  lossOffset: u32, lossReplica: u32, gradientOffset: u32, gradientReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> loss: array<f32>;
@group(0) @binding(5) var<storage, read_write> gradient: array<f32>;

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
  var top = z[base];
  var isNumber = !isNan(top);
  for (var c = 1u; c < params.classes; c++) {
    let value = z[base + c];
    isNumber = isNumber && !isNan(value);
    top = max(top, value);
  }
  isNumber = isNumber && isFinite(top);
  var total = 0.0;
  for (var c = 0u; c < params.classes; c++) { total += exp(z[base + c] - top); }
  var label = 0u;
  if (LABELS) { label = labels[params.labelsOffset + r * params.labelsReplica + n]; }
  let isRow = isNumber && label < params.classes;
  label = min(label, params.classes - 1u);
  if (LOSS) {
    let value = (top - z[base + label]) + log(total);
    loss[params.lossOffset + r * params.lossReplica + n] = select(nan(params.rows), value, isRow);
  }
  if (GRADIENT) {
    var weight = params.scale;
    if (WEIGHTED) { weight *= weights[params.weightsOffset + r * params.weightsReplica + n]; }
    let out = params.gradientOffset + r * params.gradientReplica + n * params.classes;
    for (var c = 0u; c < params.classes; c++) {
      let p = exp(z[base + c] - top) / total;
      let value = weight * (p - select(0.0, 1.0, LABELS && c == label));
      gradient[out + c] = select(nan(params.rows), value, isRow);
    }
  }
}
