// record: ends a step. Writes the mean of the examples' losses and the step's statistics into the ring, and advances
//   the counters: step by 1, the cursor (epoch, offset) by the batch.
// Layout: losses [batch]; statistics [count], `spacing` elements apart; vectors [elements]; ring [slots, stride], the loss first, then
//   the statistics, then the vectors; counters [3] = step, epoch, offset. One invocation a replica.
// Knobs: ADVANCE false leaves the counters alone (they are shared by the replicas, so one of them must not). MEASURES false: there
//   are neither statistics nor vectors, whose loops take a third of the compilation on SwiftShader (17 for 24 ms, 2026-11-27).
// Order: examples ascending, in four interleaved accumulators added as (0 + 1) + (2 + 3).
// Cost: 1 flop and 4 bytes an example.

// knobs
const ADVANCE: bool = true;
const MEASURES: bool = true;
// end knobs

struct Params {
  batch: u32, count: u32, elements: u32, stride: u32, spacing: u32, slots: u32, examples: u32,
  lossesOffset: u32, lossesReplica: u32, statisticsOffset: u32, statisticsReplica: u32,
  vectorsOffset: u32, vectorsReplica: u32, ringOffset: u32, ringReplica: u32,
  countersOffset: u32, countersReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> losses: array<f32>;
@group(0) @binding(2) var<storage, read> statistics: array<f32>;
@group(0) @binding(3) var<storage, read> vectors: array<f32>;
@group(0) @binding(4) var<storage, read_write> ring: array<f32>;
@group(0) @binding(5) var<storage, read_write> counters: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u) {
  let r = group.z;
  let base = params.lossesOffset + r * params.lossesReplica;
  var acc = vec4f();
  var b = 0u;
  for (; b + 4u <= params.batch; b += 4u) {
    acc += vec4f(losses[base + b], losses[base + b + 1u], losses[base + b + 2u], losses[base + b + 3u]);
  }
  for (; b < params.batch; b++) { acc.x += losses[base + b]; }

  let c = params.countersOffset + r * params.countersReplica;
  let slot = params.ringOffset + r * params.ringReplica + counters[c] % params.slots * params.stride;
  ring[slot] = ((acc.x + acc.y) + (acc.z + acc.w)) / f32(params.batch);
  if (MEASURES) {
    for (var i = 0u; i < params.count; i++) {
      ring[slot + 1u + i] = statistics[params.statisticsOffset + r * params.statisticsReplica + i * params.spacing];
    }
    let behind = slot + 1u + params.count;
    for (var i = 0u; i < params.elements; i++) {
      ring[behind + i] = vectors[params.vectorsOffset + r * params.vectorsReplica + i];
    }
  }
  if (ADVANCE) {
    let place = counters[c + 2u] + params.batch;
    counters[c] += 1u;
    counters[c + 1u] += place / params.examples;
    counters[c + 2u] = place % params.examples;
  }
}
