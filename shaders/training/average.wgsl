// average: a running average of weights. The n-th capture (from 0) of θ is taken after step start + n·every.
//   SWA: w ← w + (θ − w)/(n + 1) (Izmailov et al. 2018, algorithm 1). EMA: w ← w + (1 − decay)(θ − w), copying at n = 0.
// Layout: theta and average [elements] flat, in vec4; counters [step, …], already advanced.
// Knobs: EXPONENTIAL chooses the EMA.
// Order: no sums.
// Cost: 3 flops and 12 bytes a parameter.

// knobs
const EXPONENTIAL: bool = false;
// end knobs

struct Params {
  vectors: u32, start: u32, every: u32, decay: f32,
  thetaOffset: u32, thetaReplica: u32, averageOffset: u32, averageReplica: u32, countersOffset: u32, countersReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> theta: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> average: array<vec4f>;
@group(0) @binding(3) var<storage, read> counters: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.vectors) { return; }
  let r = group.z;
  let step = counters[params.countersOffset + r * params.countersReplica];
  let n = (step - params.start) / params.every;
  let value = theta[(params.thetaOffset + r * params.thetaReplica) / 4u + i];
  let at = (params.averageOffset + r * params.averageReplica) / 4u + i;
  if (n == 0u) {
    average[at] = value;
    return;
  }
  let weight = select(1.0 / f32(n + 1u), 1.0 - params.decay, EXPONENTIAL);
  let w = average[at];
  average[at] = w + weight * (value - w);
}
