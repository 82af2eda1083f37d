// normalizeGroup: y = (x − mean)·scale, scale = 1/√(variance + eps), and z = w·y + b; moments over each group's elements.
// Layout: x, y and z [outer, groups, inner], reduced over outer and inner; mean, variance and scale [groups]; w and b
//   [groups] or [inner]. One thread a group.
// Knobs: AFFINE 0 writes no z, 1 takes w and b by group, 2 by place in the group (outer is 1); BIAS false leaves b out;
//   KEEP writes y.
// Order: elements ascending, in one accumulator. The mean is that of the elements about a first estimate of it, and the
//   squares are about that estimate too, so that no digits are lost where the mean is far from 0.
// Cost: 8 flops and 12 bytes an element (16 with z); x is read three times.

import package::shared::normalize::{b, mean, params, scale, variance, w, x, y, z};

// knobs
const AFFINE: u32 = 0u;
const BIAS: bool = true;
const KEEP: bool = true;
// end knobs

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
  let xAt = params.xOffset + r * params.xReplica + first;
  let count = f32(params.outer * params.inner);

  var total = 0.0;
  for (var o = 0u; o < params.outer; o++) {
    let row = xAt + o * stride;
    for (var i = 0u; i < params.inner; i++) { total += x[row + i]; }
  }
  let estimate = total / count;
  var rest = 0.0;
  var squares = 0.0;
  for (var o = 0u; o < params.outer; o++) {
    let row = xAt + o * stride;
    for (var i = 0u; i < params.inner; i++) {
      let deviation = x[row + i] - estimate;
      rest += deviation;
      squares += deviation * deviation;
    }
  }
  let shift = rest / count;
  let centre = estimate + shift;
  let difference = squares / count - shift * shift;
  let spread = select(difference, 0.0, difference < 0.0);
  let inverse = 1.0 / sqrt(spread + params.eps);
  mean[params.meanOffset + r * params.meanReplica + g] = centre;
  variance[params.varianceOffset + r * params.varianceReplica + g] = spread;
  scale[params.scaleOffset + r * params.scaleReplica + g] = inverse;

  let yAt = params.yOffset + r * params.yReplica + first;
  let zAt = params.zOffset + r * params.zReplica + first;
  let wAt = params.wOffset + r * params.wReplica;
  let bAt = params.bOffset + r * params.bReplica;
  for (var o = 0u; o < params.outer; o++) {
    let row = o * stride;
    for (var i = 0u; i < params.inner; i++) {
      let value = (x[xAt + row + i] - centre) * inverse;
      if (KEEP) { y[yAt + row + i] = value; }
      if (AFFINE != 0u) {
        let c = select(i, g, AFFINE == 1u);
        var scaled = w[wAt + c] * value;
        if (BIAS) { scaled += b[bAt + c]; }
        z[zAt + row + i] = scaled;
      }
    }
  }
}
