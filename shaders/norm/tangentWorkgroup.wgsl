// tangentWorkgroup: dx = scale·(d − mean(d) − y·mean(d·y)), means over each group; a workgroup a group.
// Layout: d, y and dx [outer, groups, inner], reduced over outer and inner; scale [groups]; sums [groups] Σd,
//   and at `productsAt` (from the buffer's start) Σd·y; weights [groups] or [inner].
// Knobs: WEIGHT 0: d as it is, 1: times the group's weight, 2: times that of the place in the group (outer is 1); SUMS
//   writes Σd and Σd·y of each group (before the weight).
// Order: each of 128 invocations adds every 128th element, ascending; then a tree.
// Cost: 7 flops and 12 bytes an element; d and y are read twice, once from cache.

import package::shared::normalizeTangent::{d, dx, params, scale, sums, weights, y};
import package::shared::groups::{place, total};

// knobs
const WEIGHT: u32 = 0u;
const SUMS: bool = false;
// end knobs

fn weighted(r: u32, j: u32, at: u32) -> f32 {
  let value = d[params.dOffset + r * params.dReplica + at];
  if (WEIGHT == 2u) { return value * weights[params.weightsOffset + r * params.weightsReplica + j]; }
  return value;
}

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let g = group.x + group.y * groups.x;
  if (g >= params.groups) { return; }
  let r = group.z;
  let elements = params.outer * params.inner;
  let yAt = params.yOffset + r * params.yReplica;
  var own = vec2f();
  for (var j = lane; j < elements; j += 128u) {
    let at = place(g, j, params.outer, params.groups, params.inner);
    let value = weighted(r, j, at);
    own += vec2f(value, value * y[yAt + at]);
  }
  let both = total(lane, own);
  if (SUMS && lane == 0u) {
    let to = r * params.sumsReplica + g;
    sums[params.sumsOffset + to] = both.x;
    sums[params.productsAt + to] = both.y;
  }
  let means = both / f32(elements);
  var factor = scale[params.scaleOffset + r * params.scaleReplica + g];
  if (WEIGHT == 1u) { factor *= weights[params.weightsOffset + r * params.weightsReplica + g]; }
  let to = params.dxOffset + r * params.dxReplica;
  for (var j = lane; j < elements; j += 128u) {
    let at = place(g, j, params.outer, params.groups, params.inner);
    dx[to + at] = factor * ((weighted(r, j, at) - means.x) - y[yAt + at] * means.y);
  }
}
