// columns: y[c, i] = A[e, c] for the rows e = step·width + i of A: a block of them, transposed, for what takes products of columns. A is
//   that of expand; zero past its last row and where the mask is.
// Layout: mask [elements] of ones and zeros; seeds [1], counters [3] = step, epoch, offset, both u32; y [columns, width].
// Order: nothing is summed.
// Cost: about 90 integer operations and 8 bytes an entry.

import package::shared::gaussian::{gaussianInteger, GAUSSIAN_UNIT};

struct Params {
  elements: u32, columns: u32, width: u32, purpose: u32,
  seedsOffset: u32, seedsReplica: u32, countersOffset: u32, countersReplica: u32, maskOffset: u32, maskReplica: u32,
  yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> seeds: array<u32>;
@group(0) @binding(2) var<storage, read> counters: array<u32>;
@group(0) @binding(3) var<storage, read> mask: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let out = (group.x + group.y * groups.x) * 64u + lane;
  if (out >= params.columns * params.width) { return; }
  let r = group.z;
  let step = counters[params.countersOffset + r * params.countersReplica];
  let e = step * params.width + out % params.width;
  var entry = 0.0;
  if (e < params.elements) {
    let key = vec2u(seeds[params.seedsOffset + r * params.seedsReplica], params.purpose);
    let kept = mask[params.maskOffset + r * params.maskReplica + e];
    entry = gaussianInteger(key, vec2u(e, out / params.width)) * GAUSSIAN_UNIT * kept;
  }
  y[params.yOffset + r * params.yReplica + out] = entry;
}
