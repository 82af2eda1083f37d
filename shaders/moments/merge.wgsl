// merge: takes the moments of a batch into those of the examples before it (Chan, Golub & LeVeque 1979):
//   δ = meanB − mean; mean ← mean + δ·b/n; squares ← squares + squaresB + δ²·a·b/n, with n = a + b.
// Layout: all four [elements] flat; counters [step, epoch, offset]: a = offset examples came before.
// Order: batches in file order.
// Cost: 8 flops and 24 bytes a coordinate.

struct Params {
  elements: u32, batch: u32,
  meanOffset: u32, meanReplica: u32, squaresOffset: u32, squaresReplica: u32,
  batchMeanOffset: u32, batchMeanReplica: u32, batchSquaresOffset: u32, batchSquaresReplica: u32,
  countersOffset: u32, countersReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;
@group(0) @binding(2) var<storage, read_write> squares: array<f32>;
@group(0) @binding(3) var<storage, read> batchMean: array<f32>;
@group(0) @binding(4) var<storage, read> batchSquares: array<f32>;
@group(0) @binding(5) var<storage, read> counters: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.elements) { return; }
  let r = group.z;
  let m = params.meanOffset + r * params.meanReplica + i;
  let s = params.squaresOffset + r * params.squaresReplica + i;
  let newMean = batchMean[params.batchMeanOffset + r * params.batchMeanReplica + i];
  let newSquares = batchSquares[params.batchSquaresOffset + r * params.batchSquaresReplica + i];
  let before = f32(counters[params.countersOffset + r * params.countersReplica + 2u]);
  if (before == 0.0) {
    mean[m] = newMean;
    squares[s] = newSquares;
    return;
  }
  let now = f32(params.batch);
  let share = now / (before + now);
  let delta = newMean - mean[m];
  mean[m] += delta * share;
  squares[s] += newSquares + delta * delta * before * share;
}
