// momentsMerge: mean, biased variance and 1/√(variance + eps) of each group from the moments of its chunks:
//   mean = Σ n_k·mean_k/n, variance = Σ (squares_k + n_k·(mean_k − mean)²)/n (Chan, Golub & LeVeque 1979).
// Layout: partial [chunks, 2, groups], mean then squares, of chunks of `chunk` elements, the last of what is left;
//   mean, variance and scale [groups]. One thread a group.
// Order: chunks ascending, the mean about the first chunk's.
// Cost: 7 flops and 12 bytes a chunk.

struct Params {
  elements: u32, groups: u32, chunk: u32, chunks: u32, eps: f32,
  partialOffset: u32, partialReplica: u32, meanOffset: u32, meanReplica: u32, varianceOffset: u32, varianceReplica: u32,
  scaleOffset: u32, scaleReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> mean: array<f32>;
@group(0) @binding(3) var<storage, read_write> variance: array<f32>;
@group(0) @binding(4) var<storage, read_write> scale: array<f32>;

@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let g = (group.x + group.y * groups.x) * 16u + lane;
  if (g >= params.groups) { return; }
  let r = group.z;
  let at = params.partialOffset + r * params.partialReplica + g;
  let step = 2u * params.groups;
  let whole = f32(params.chunk);
  let end = params.chunks - 1u;
  let rest = f32(params.elements - end * params.chunk);
  let count = f32(params.elements);

  let origin = partial[at];
  var shift = 0.0;
  for (var k = 1u; k <= end; k++) { shift += (partial[at + k * step] - origin) * select(whole, rest, k == end); }
  shift /= count;
  var squares = 0.0;
  for (var k = 0u; k <= end; k++) {
    let deviation = (partial[at + k * step] - origin) - shift;
    squares += partial[at + k * step + params.groups] + deviation * deviation * select(whole, rest, k == end);
  }
  let spread = select(squares, 0.0, squares < 0.0) / count;
  mean[params.meanOffset + r * params.meanReplica + g] = origin + shift;
  variance[params.varianceOffset + r * params.varianceReplica + g] = spread;
  scale[params.scaleOffset + r * params.scaleReplica + g] = 1.0 / sqrt(spread + params.eps);
}
