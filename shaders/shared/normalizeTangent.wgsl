// normalizeTangent: the operands of a normalisation's tangent and cotangent: d, y and dx [outer, groups, inner], reduced over outer and
// inner; scale [groups]; weights [groups] or [inner]; sums [groups] of d, and at productsAt (from the buffer's start) of d·y.

struct Params {
  outer: u32, groups: u32, inner: u32,
  dOffset: u32, dReplica: u32, yOffset: u32, yReplica: u32, scaleOffset: u32, scaleReplica: u32,
  weightsOffset: u32, weightsReplica: u32, dxOffset: u32, dxReplica: u32, sumsOffset: u32, sumsReplica: u32,
  productsAt: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> d: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> scale: array<f32>;
@group(0) @binding(4) var<storage, read> weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;
@group(0) @binding(6) var<storage, read_write> sums: array<f32>;
