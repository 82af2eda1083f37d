// swag: mean and squared deviations of captured weights. The n-th capture (from 0) of θ is taken after step start + n·every.
//   mean ← w + (θ − w)/(n + 1), as SWA's; squares ← squares + (θ − w)(θ − mean), w the mean before: the sum of (θ − mean)² over
//   all captures (Welford 1962). The mean of squares less the square of the mean would lose a variance below 1e-7 of it.
// Layout: theta, mean and squares [elements] flat, in vec4; counters [step, …], already advanced.
// Order: no sums.
// Cost: 6 flops and 20 bytes a parameter.

struct Params {
  vectors: u32, start: u32, every: u32,
  thetaOffset: u32, thetaReplica: u32, meanOffset: u32, meanReplica: u32, squaresOffset: u32, squaresReplica: u32,
  countersOffset: u32, countersReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> theta: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> mean: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> squares: array<vec4f>;
@group(0) @binding(4) var<storage, read> counters: array<u32>;

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
  let meanAt = (params.meanOffset + r * params.meanReplica) / 4u + i;
  let squaresAt = (params.squaresOffset + r * params.squaresReplica) / 4u + i;
  if (n == 0u) {
    mean[meanAt] = value;
    squares[squaresAt] = vec4f(0.0);
    return;
  }
  let before = mean[meanAt];
  let after = before + 1.0 / f32(n + 1u) * (value - before);
  mean[meanAt] = after;
  squares[squaresAt] += (value - before) * (value - after);
}
