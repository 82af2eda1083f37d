// runningStatistics: takes a batch's mean and variance into a BatchNorm layer's running ones, as PyTorch does:
//   running ← running + f·(batch − running), the variance times n/(n − 1), and the count of batches + 1.
// Layout: mean and variance (biased) [channels]; statistics, flat words: running mean at `meanAt`, variance at `varianceAt`, the
//   bits of float32; count at `countAt`, an unsigned integer, which float32 would hold at 2^24. One thread a channel.
// Knobs: CUMULATIVE: f = 1/(count + 1), so that all batches weigh the same, else f is `momentum`; COUNT: also counts
//   the batch, which a cumulative update does in a dispatch after this one (of no channels), since it reads the count.
// Order: no sums.
// Cost: 6 flops and 24 bytes a channel.

// knobs
const CUMULATIVE: bool = false;
const COUNT: bool = true;
// end knobs

struct Params {
  channels: u32, momentum: f32, unbiased: f32, meanAt: u32, varianceAt: u32, countAt: u32,
  meanOffset: u32, meanReplica: u32, varianceOffset: u32, varianceReplica: u32,
  statisticsOffset: u32, statisticsReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> mean: array<f32>;
@group(0) @binding(2) var<storage, read> variance: array<f32>;
@group(0) @binding(3) var<storage, read_write> statistics: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let c = (group.x + group.y * groups.x) * 64u + lane;
  let r = group.z;
  let base = params.statisticsOffset + r * params.statisticsReplica;
  if (COUNT && c == 0u) { statistics[base + params.countAt] += 1u; }
  if (c >= params.channels) { return; }
  var share = params.momentum;
  if (CUMULATIVE) { share = 1.0 / (f32(statistics[base + params.countAt]) + 1.0); }
  let m = base + params.meanAt + c;
  let v = base + params.varianceAt + c;
  let batchMean = mean[params.meanOffset + r * params.meanReplica + c];
  let batchVariance = variance[params.varianceOffset + r * params.varianceReplica + c] * params.unbiased;
  statistics[m] = bitcast<u32>((1.0 - share) * bitcast<f32>(statistics[m]) + share * batchMean);
  statistics[v] = bitcast<u32>((1.0 - share) * bitcast<f32>(statistics[v]) + share * batchVariance);
}
