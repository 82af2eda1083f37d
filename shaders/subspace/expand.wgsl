// expand: y = A z, a point of a random subspace in full space. A [elements, columns] has normal entries of unit variance, made anew for
//   each product and never stored.
// Layout: z [columns]; y and mask [elements], mask of ones and zeros; seeds [1] u32. A[e, c] by Threefry's key (seed, purpose) and counter
//   (e, c). Rows where the mask is zero, between the tensors of a flat vector, are zero.
// Order: columns ascending onto one accumulator; the unit and the mask last.
// Cost: about 90 integer operations and 2 flops an entry of A, 8 bytes an element.

import package::shared::gaussian::{gaussianInteger, GAUSSIAN_UNIT};

struct Params {
  elements: u32, columns: u32, purpose: u32,
  zOffset: u32, zReplica: u32, seedsOffset: u32, seedsReplica: u32, maskOffset: u32, maskReplica: u32,
  yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read> seeds: array<u32>;
@group(0) @binding(3) var<storage, read> mask: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let e = (group.x + group.y * groups.x) * 64u + lane;
  if (e >= params.elements) { return; }
  let r = group.z;
  let key = vec2u(seeds[params.seedsOffset + r * params.seedsReplica], params.purpose);
  let zBase = params.zOffset + r * params.zReplica;
  var sum = 0.0;
  for (var c = 0u; c < params.columns; c++) {
    sum += gaussianInteger(key, vec2u(e, c)) * z[zBase + c];
  }
  let kept = mask[params.maskOffset + r * params.maskReplica + e];
  y[params.yOffset + r * params.yReplica + e] = sum * GAUSSIAN_UNIT * kept;
}
