// restart: y = x if what is left of it is worth keeping, else random numbers, uniform in [−1, 1): a function of the seed, the
//   purpose, the step and the element alone.
// Layout: x, y and mask [elements], mask of ones and zeros; before, after [1]: squared norms of x before and after other
//   vectors were taken out of it; seeds [1], counters [3] = step, epoch, offset, both u32. An invocation makes two elements,
//   a word of Threefry's each: key (seed, purpose), counter (step, e / 2). Random numbers are multiplied by the mask, which
//   is zero between the tensors of a flat vector. Host twin: src/reference/restart.ts.
// Knobs: ALWAYS: random numbers whatever the norms are. Else where after > before·share x is copied; what is not greater,
//   zero included, is rounding.
// Order: nothing is summed.
// Cost: 8 bytes an element kept; about 50 integer operations and 8 bytes one drawn.

import package::shared::threefry::threefry;

// knobs
const ALWAYS: bool = false;
// end knobs

struct Params {
  elements: u32, purpose: u32, share: f32,
  xOffset: u32, xReplica: u32, beforeOffset: u32, beforeReplica: u32, afterOffset: u32, afterReplica: u32,
  seedsOffset: u32, seedsReplica: u32, countersOffset: u32, countersReplica: u32, maskOffset: u32, maskReplica: u32,
  yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> before: array<f32>;
@group(0) @binding(3) var<storage, read> after: array<f32>;
@group(0) @binding(4) var<storage, read> seeds: array<u32>;
@group(0) @binding(5) var<storage, read> counters: array<u32>;
@group(0) @binding(6) var<storage, read> mask: array<f32>;
@group(0) @binding(7) var<storage, read_write> y: array<f32>;

// The upper 24 bits, so that the number is exact.
fn symmetric(word: u32) -> f32 {
  return f32(word >> 8u) * 1.1920928955078125e-7 - 1.0;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let pair = (group.x + group.y * groups.x) * 64u + lane;
  let e = 2u * pair;
  if (e >= params.elements) { return; }
  let r = group.z;
  let two = e + 1u < params.elements;
  let yAt = params.yOffset + r * params.yReplica + e;
  if (!ALWAYS) {
    let left = after[params.afterOffset + r * params.afterReplica];
    if (left > before[params.beforeOffset + r * params.beforeReplica] * params.share) {
      let xAt = params.xOffset + r * params.xReplica + e;
      y[yAt] = x[xAt];
      if (two) { y[yAt + 1u] = x[xAt + 1u]; }
      return;
    }
  }
  let seed = seeds[params.seedsOffset + r * params.seedsReplica];
  let step = counters[params.countersOffset + r * params.countersReplica];
  let words = threefry(vec2u(seed, params.purpose), vec2u(step, pair));
  let maskAt = params.maskOffset + r * params.maskReplica + e;
  y[yAt] = symmetric(words.x) * mask[maskAt];
  if (two) { y[yAt + 1u] = symmetric(words.y) * mask[maskAt + 1u]; }
}
