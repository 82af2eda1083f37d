// tangentSums: the operands of the sums of d and d·y over chunks of groups: d and y [outer, groups, inner], weights [inner], partial
// [chunks, 2, groups].

struct Params {
  elements: u32, groups: u32, inner: u32, chunk: u32, chunks: u32,
  dOffset: u32, dReplica: u32, yOffset: u32, yReplica: u32, weightsOffset: u32, weightsReplica: u32,
  partialOffset: u32, partialReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> d: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> partial: array<f32>;
