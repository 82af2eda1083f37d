// splitKFinish: the second pass of a product whose k was split: C = sum over parts of part[s], then bias, addend,
//   activation or activation mask; behind each part's outputs its column sums, which are summed alike.
// Layout: part [parts, m n + sums], sums being m with column sums, else 0, c [m, n], the sums at columnSumOffset of
//   c's buffer; bias [n], y and addend [m, n]: row-major and dense. Replica r is workgroup_id.z.
// Knobs: BIAS, ADDEND: add bias[col], addend[row, col]. ACTIVATION: 0 none, 1 relu, 2 tanh, 3 sigmoid. MASK:
//   multiply by the derivative of that activation at its output y (numbered alike).
// Order: one accumulator an output, parts ascending.
// Cost: 1 flop and 4 bytes an output and part.

import package::shared::activation::{activated, masked};

// knobs
const BIAS: bool = false;
const ADDEND: bool = false;
const ACTIVATION: u32 = 0u;
const MASK: u32 = 0u;
// end knobs

struct Params {
  outputs: u32, sums: u32, n: u32, parts: u32, columnSumOffset: u32,
  partOffset: u32, partReplica: u32, cOffset: u32, cReplica: u32,
  biasOffset: u32, biasReplica: u32, yOffset: u32, yReplica: u32, addendOffset: u32, addendReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> part: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> y: array<f32>;
@group(0) @binding(5) var<storage, read> addend: array<f32>;

@compute @workgroup_size(64) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let r = group.z;
  let at = (group.x + group.y * groups.x) * 64u + local;
  let all = params.outputs + params.sums;
  if (at >= all) { return; }
  let base = params.partOffset + r * params.partReplica + at;
  var v = 0.0;
  for (var s = 0u; s < params.parts; s++) { v += part[base + s * all]; }
  if (at >= params.outputs) {
    c[params.columnSumOffset + r * params.cReplica + at - params.outputs] = v;
    return;
  }
  if (BIAS) { v += bias[params.biasOffset + r * params.biasReplica + at % params.n]; }
  if (ADDEND) { v += addend[params.addendOffset + r * params.addendReplica + at]; }
  if (ACTIVATION != 0u) { v = activated(v, ACTIVATION); }
  if (MASK != 0u) { v = masked(v, y[params.yOffset + r * params.yReplica + at], MASK); }
  c[params.cOffset + r * params.cReplica + at] = v;
}
