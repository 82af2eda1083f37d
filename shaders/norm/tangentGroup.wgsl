// tangentGroup: dx = scale·(d − mean(d) − y·mean(d·y)), means over each group: the tangent of y = normalize(x), and its
//   cotangent, which is the same.
// Layout: d, y and dx [outer, groups, inner], reduced over outer and inner; scale [groups]; sums [groups] Σd,
//   and at `productsAt` (from the buffer's start) Σd·y; weights [groups] or [inner]. One thread a group.
// Knobs: WEIGHT 0: d as it is, 1: times the group's weight, 2: times that of the place in the group (outer is 1); SUMS
//   writes Σd and Σd·y of each group (before the weight).
// Order: elements ascending, in one accumulator.
// Cost: 7 flops and 12 bytes an element; d and y are read twice.

import package::shared::normalizeTangent::{d, dx, params, scale, sums, weights, y};

// knobs
const WEIGHT: u32 = 0u;
const SUMS: bool = false;
// end knobs

fn weight(r: u32, i: u32) -> f32 {
  if (WEIGHT == 2u) { return weights[params.weightsOffset + r * params.weightsReplica + i]; }
  return 1.0;
}

@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let g = (group.x + group.y * groups.x) * 16u + lane;
  if (g >= params.groups) { return; }
  let r = group.z;
  let first = g * params.inner;
  let stride = params.groups * params.inner;
  let dAt = params.dOffset + r * params.dReplica + first;
  let yAt = params.yOffset + r * params.yReplica + first;
  var total = 0.0;
  var product = 0.0;
  for (var o = 0u; o < params.outer; o++) {
    let row = o * stride;
    for (var i = 0u; i < params.inner; i++) {
      let value = d[dAt + row + i] * weight(r, i);
      total += value;
      product += value * y[yAt + row + i];
    }
  }
  if (SUMS) {
    let to = r * params.sumsReplica + g;
    sums[params.sumsOffset + to] = total;
    sums[params.productsAt + to] = product;
  }
  let count = f32(params.outer * params.inner);
  let meanOf = total / count;
  let along = product / count;
  var factor = scale[params.scaleOffset + r * params.scaleReplica + g];
  if (WEIGHT == 1u) { factor *= weights[params.weightsOffset + r * params.weightsReplica + g]; }
  let to = params.dxOffset + r * params.dxReplica + first;
  for (var o = 0u; o < params.outer; o++) {
    let row = o * stride;
    for (var i = 0u; i < params.inner; i++) {
      let value = d[dAt + row + i] * weight(r, i);
      dx[to + row + i] = factor * ((value - meanOf) - y[yAt + row + i] * along);
    }
  }
}
