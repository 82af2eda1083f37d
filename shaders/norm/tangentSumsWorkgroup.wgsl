// tangentSumsWorkgroup: Σd and Σd·y of each chunk of each group's elements, a workgroup a chunk.
// Layout: d and y [outer, groups, inner], a group's elements running over outer, then inner; partial [chunks, 2, groups]:
//   Σd, then Σd·y. weights [inner]. A chunk is `chunk` consecutive elements of a group.
// Knobs: WEIGHT 2 multiplies d by the weight of the place in the group (outer is 1); 0 and 1 do not.
// Order: each of 128 invocations adds every 128th element, ascending; then a tree.
// Cost: 3 flops and 8 bytes an element.

import package::shared::tangentSums::{d, params, partial, weights, y};
import package::shared::groups::total;

// knobs
const WEIGHT: u32 = 0u;
// end knobs

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let out = group.x + group.y * groups.x;
  if (out >= params.groups * params.chunks) { return; }
  let g = out % params.groups;
  let k = out / params.groups;
  let first = k * params.chunk;
  let last = min(first + params.chunk, params.elements);
  let inner = params.inner;
  let dAt = params.dOffset + group.z * params.dReplica;
  let yAt = params.yOffset + group.z * params.yReplica;
  var own = vec2f();
  for (var j = first + lane; j < last; j += 128u) {
    let o = j / inner;
    let i = j - o * inner;
    let at = (o * params.groups + g) * inner + i;
    var value = d[dAt + at];
    if (WEIGHT == 2u) { value *= weights[params.weightsOffset + group.z * params.weightsReplica + i]; }
    own += vec2f(value, value * y[yAt + at]);
  }
  let sums = total(lane, own);
  if (lane == 0u) {
    let to = params.partialOffset + group.z * params.partialReplica + k * 2u * params.groups + g;
    partial[to] = sums.x;
    partial[to + params.groups] = sums.y;
  }
}
