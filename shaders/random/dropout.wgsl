// dropout: y[e] = x[e]·scale with probability 1 − p, else x[e]·0: which elements are kept is a function of the replica's
//   seed, the step, the layer and e alone.
// Layout: x and y [elements] of one replica; seeds [1] for each replica; counters [3] = step, epoch, offset; both u32.
//   Replica r is workgroup_id.z. An invocation makes two elements, a word of Threefry's each: key (seed, purpose), the
//   purpose being this layer's own, and counter (step, e / 2). An element is dropped where its word is below `threshold`,
//   which is p·2³². Host twin: src/nn/dropoutMask.ts.
// Order: nothing is summed.
// Cost: 1 flop, about 40 integer operations and 8 bytes an element.

import package::shared::threefry::threefry;

struct Params {
  elements: u32, purpose: u32, threshold: u32, scale: f32,
  xOffset: u32, xReplica: u32, seedsOffset: u32, seedsReplica: u32, countersOffset: u32, countersReplica: u32,
  yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> seeds: array<u32>;
@group(0) @binding(3) var<storage, read> counters: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

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
  let seed = seeds[params.seedsOffset + r * params.seedsReplica];
  let step = counters[params.countersOffset + r * params.countersReplica];
  let words = threefry(vec2u(seed, params.purpose), vec2u(step, pair));
  // A product rather than a zero, so that a diverged run's NaN is not dropped.
  let factors = select(vec2f(), vec2f(params.scale), words >= vec2u(params.threshold));
  let xAt = params.xOffset + r * params.xReplica + e;
  let yAt = params.yOffset + r * params.yReplica + e;
  y[yAt] = x[xAt] * factors.x;
  if (e + 1u < params.elements) { y[yAt + 1u] = x[xAt + 1u] * factors.y; }
}
