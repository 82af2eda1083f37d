// tangentSums: Σd and Σd·y of each chunk of each group's elements.
// Layout: d and y [outer, groups, inner], a group's elements running over outer, then inner; partial [chunks, 2, groups]:
//   Σd, then Σd·y. weights [inner]. One thread a chunk of `chunk` consecutive elements of a group.
// Knobs: WEIGHT 2 multiplies d by the weight of the place in the group (outer is 1); 0 and 1 do not.
// Order: elements ascending, in one accumulator.
// Cost: 3 flops and 8 bytes an element.

import package::shared::tangentSums::{d, params, partial, weights, y};

// knobs
const WEIGHT: u32 = 0u;
// end knobs

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let out = (group.x + group.y * groups.x) * 64u + lane;
  if (out >= params.groups * params.chunks) { return; }
  let g = out % params.groups;
  let first = out / params.groups * params.chunk;
  let last = min(first + params.chunk, params.elements);
  let inner = params.inner;
  // From the last element of a row of `inner` to the first of the next one.
  let jump = params.groups * inner - inner + 1u;
  var i = first % inner;
  let at = (first / inner * params.groups + g) * inner + i;
  var dAt = params.dOffset + group.z * params.dReplica + at;
  var yAt = params.yOffset + group.z * params.yReplica + at;
  let weightsAt = params.weightsOffset + group.z * params.weightsReplica;
  var total = 0.0;
  var product = 0.0;
  for (var j = first; j < last; j++) {
    var value = d[dAt];
    if (WEIGHT == 2u) { value *= weights[weightsAt + i]; }
    total += value;
    product += value * y[yAt];
    i++;
    let wrap = i == inner;
    let step = select(1u, jump, wrap);
    dAt += step;
    yAt += step;
    i = select(i, 0u, wrap);
  }
  let to = params.partialOffset + group.z * params.partialReplica + out / params.groups * 2u * params.groups + g;
  partial[to] = total;
  partial[to + params.groups] = product;
}
