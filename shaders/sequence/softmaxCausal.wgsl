// softmaxCausal: p[n, t, c] = exp z[n, t, c] / Σ_{k ≤ t} exp z[n, t, k] for c ≤ t, and 0 for c > t: the softmax of a row over its
//   own place and those before it.
// Layout: z and p [rows, places], rows of one matrix after those of another: row n·places + t is row t of matrix n.
// What is right of the diagonal is not read. A NaN within the row makes it NaN, and so does an infinity that is its largest.
// Order: columns ascending; shifted by the row's maximum, so that logits of any size are safe.
// Cost: about 8 flops and 12 bytes a logit at or left of the diagonal, 4 bytes right of it.

import package::shared::floats::{isFinite, isNan, nan};

struct Params { rows: u32, places: u32, zOffset: u32, zReplica: u32, pOffset: u32, pReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read_write> p: array<f32>;

@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = (group.x + group.y * groups.x) * 16u + lane;
  if (n >= params.rows) { return; }
  let base = params.zOffset + group.z * params.zReplica + n * params.places;
  let out = params.pOffset + group.z * params.pReplica + n * params.places;
  let end = n % params.places + 1u;
  var top = z[base];
  var isNumber = !isNan(top);
  for (var c = 1u; c < end; c++) {
    let value = z[base + c];
    isNumber = isNumber && !isNan(value);
    top = max(top, value);
  }
  isNumber = isNumber && isFinite(top);
  var total = 0.0;
  for (var c = 0u; c < end; c++) { total += exp(z[base + c] - top); }
  for (var c = 0u; c < end; c++) {
    p[out + c] = select(nan(params.rows), exp(z[base + c] - top) / total, isNumber);
  }
  for (var c = end; c < params.places; c++) { p[out + c] = 0.0; }
}
