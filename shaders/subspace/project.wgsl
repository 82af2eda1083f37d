// project: y[c, k] = Σ A[e, c]·x[e] over chunk k of e: Aᵀx, the transpose of expand, whose A it is.
// Layout: x and mask [elements], mask of ones and zeros; seeds [1] u32; y [columns, chunks]: a second kernel sums the chunks. A[e, c] by
//   Threefry's key (seed, purpose) and counter (e, c).
// Order: elements of a chunk ascending onto one accumulator; the unit last.
// Cost: about 90 integer operations and 3 flops an entry of A.

import package::shared::gaussian::{gaussianInteger, GAUSSIAN_UNIT};

struct Params {
  elements: u32, columns: u32, purpose: u32, chunk: u32, chunks: u32,
  xOffset: u32, xReplica: u32, seedsOffset: u32, seedsReplica: u32, maskOffset: u32, maskReplica: u32,
  yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> seeds: array<u32>;
@group(0) @binding(3) var<storage, read> mask: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let out = (group.x + group.y * groups.x) * 64u + lane;
  if (out >= params.columns * params.chunks) { return; }
  let r = group.z;
  let c = out / params.chunks;
  let first = out % params.chunks * params.chunk;
  let last = min(first + params.chunk, params.elements);
  let key = vec2u(seeds[params.seedsOffset + r * params.seedsReplica], params.purpose);
  let xBase = params.xOffset + r * params.xReplica;
  let maskBase = params.maskOffset + r * params.maskReplica;
  var sum = 0.0;
  for (var e = first; e < last; e++) {
    sum += gaussianInteger(key, vec2u(e, c)) * (x[xBase + e] * mask[maskBase + e]);
  }
  y[params.yOffset + r * params.yReplica + out] = sum * GAUSSIAN_UNIT;
}
