// normalizeWorkgroup: y = (x − mean)·scale, scale = 1/√(variance + eps), and z = w·y + b; a workgroup a group.
// Layout: x, y and z [outer, groups, inner], reduced over outer and inner; mean, variance and scale [groups]; w and b
//   [groups] or [inner].
// Knobs: AFFINE 0 writes no z, 1 takes w and b by group, 2 by place in the group (outer is 1); BIAS false leaves b out;
//   KEEP writes y.
// Order: each of 128 invocations adds every 128th element, ascending; then a tree. The mean is that of the elements about a
//   first estimate of it, and the squares are about that estimate too.
// Cost: 8 flops and 12 bytes an element (16 with z); x is read three times, twice from cache.

import package::shared::normalize::{b, mean, params, scale, variance, w, x, y, z};
import package::shared::groups::{place, total};

// knobs
const AFFINE: u32 = 0u;
const BIAS: bool = true;
const KEEP: bool = true;
// end knobs

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
  let count = f32(elements);
  let xAt = params.xOffset + r * params.xReplica;
  var sum = 0.0;
  for (var j = lane; j < elements; j += 128u) { sum += x[xAt + place(g, j, params.outer, params.groups, params.inner)]; }
  let estimate = total(lane, vec2f(sum, 0.0)).x / count;
  var about = vec2f();
  for (var j = lane; j < elements; j += 128u) {
    let deviation = x[xAt + place(g, j, params.outer, params.groups, params.inner)] - estimate;
    about += vec2f(deviation, deviation * deviation);
  }
  let rest = total(lane, about) / count;
  let centre = estimate + rest.x;
  let difference = rest.y - rest.x * rest.x;
  let spread = select(difference, 0.0, difference < 0.0);
  let inverse = 1.0 / sqrt(spread + params.eps);
  if (lane == 0u) {
    mean[params.meanOffset + r * params.meanReplica + g] = centre;
    variance[params.varianceOffset + r * params.varianceReplica + g] = spread;
    scale[params.scaleOffset + r * params.scaleReplica + g] = inverse;
  }
  let yAt = params.yOffset + r * params.yReplica;
  let zAt = params.zOffset + r * params.zReplica;
  for (var j = lane; j < elements; j += 128u) {
    let at = place(g, j, params.outer, params.groups, params.inner);
    let value = (x[xAt + at] - centre) * inverse;
    if (KEEP) { y[yAt + at] = value; }
    if (AFFINE != 0u) {
      let c = select(j, g, AFFINE == 1u);
      var scaled = w[params.wOffset + r * params.wReplica + c] * value;
      if (BIAS) { scaled += b[params.bOffset + r * params.bReplica + c]; }
      z[zAt + at] = scaled;
    }
  }
}
