// advance: step ← step + steps and the cursor (epoch, offset) by the batch.
// Layout: counters [3] = step, epoch, offset.
// Order: no sums.
// Cost: one invocation.

struct Params { steps: u32, batch: u32, examples: u32, countersOffset: u32, countersReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> counters: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u) {
  let c = params.countersOffset + group.z * params.countersReplica;
  let place = counters[c + 2u] + params.batch;
  counters[c] += params.steps;
  counters[c + 1u] += place / params.examples;
  counters[c + 2u] = place % params.examples;
}
