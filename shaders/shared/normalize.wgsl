// normalize: the operands of a normalisation of groups: x, y and z [outer, groups, inner], reduced over outer and inner; mean, variance
// and scale [groups]; w and b [groups] or [inner].

struct Params {
  outer: u32, groups: u32, inner: u32, eps: f32,
  xOffset: u32, xReplica: u32, wOffset: u32, wReplica: u32, bOffset: u32, bReplica: u32, yOffset: u32, yReplica: u32,
  zOffset: u32, zReplica: u32, meanOffset: u32, meanReplica: u32, varianceOffset: u32, varianceReplica: u32,
  scaleOffset: u32, scaleReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> z: array<f32>;
@group(0) @binding(6) var<storage, read_write> mean: array<f32>;
@group(0) @binding(7) var<storage, read_write> variance: array<f32>;
@group(0) @binding(8) var<storage, read_write> scale: array<f32>;
