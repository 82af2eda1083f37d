// signs: y[e] = ±1 with equal chance: a function of the seed, the purpose, the probe and e alone.
// Layout: y [elements]; seeds [1], counters [3] = step, epoch, offset, both u32; mask [elements] of ones and zeros. Elements
//   are drawn 64 at a time, a bit each, from Threefry's two words: key (seed, purpose), counter (e / 64, step). An
//   invocation makes four. Host twin: src/nn/randomSigns.ts.
// Knobs: MASKED multiplies by the mask, which is zero between the tensors of a flat vector.
// Order: nothing is summed.
// Cost: about 25 integer operations and 4 bytes an element, with MASKED 8.

import package::shared::threefry::threefry;

// knobs
const MASKED: bool = false;
// end knobs

struct Params {
  elements: u32, purpose: u32,
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
  let first = 4u * ((group.x + group.y * groups.x) * 64u + lane);
  if (first >= params.elements) { return; }
  let r = group.z;
  let seed = seeds[params.seedsOffset + r * params.seedsReplica];
  let probe = counters[params.countersOffset + r * params.countersReplica];
  let words = threefry(vec2u(seed, params.purpose), vec2u(first / 64u, probe));
  let word = select(words.y, words.x, (first & 32u) == 0u) >> (first & 31u);
  let yBase = params.yOffset + r * params.yReplica;
  for (var e = first; e < min(first + 4u, params.elements); e++) {
    var sign = select(-1.0, 1.0, ((word >> (e - first)) & 1u) == 1u);
    if (MASKED) { sign *= mask[params.maskOffset + r * params.maskReplica + e]; }
    y[yBase + e] = sign;
  }
}
