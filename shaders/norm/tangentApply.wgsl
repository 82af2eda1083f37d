// tangentApply: dx = scale·(d − Σd/n − y·Σ(d·y)/n), the sums of each group being known.
// Layout: d, y and dx [outer, groups, inner]; scale [groups]; sums [groups] Σd, and at `productsAt` (from the buffer's
//   start) Σd·y; weights [groups] or [inner]. n is `count`.
// Knobs: WEIGHT 0: d as it is, 1: times the group's weight, 2: times that of the place in the group (outer is 1);
//   PER_THREAD consecutive elements a thread.
// Order: no sums.
// Cost: 5 flops and 12 bytes an element.

// knobs
const WEIGHT: u32 = 0u;
const PER_THREAD: u32 = 1u;
// end knobs

struct Params {
  elements: u32, groups: u32, inner: u32, count: f32, productsAt: u32,
  dOffset: u32, dReplica: u32, yOffset: u32, yReplica: u32, scaleOffset: u32, scaleReplica: u32,
  weightsOffset: u32, weightsReplica: u32, sumsOffset: u32, sumsReplica: u32, dxOffset: u32, dxReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> d: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> scale: array<f32>;
@group(0) @binding(4) var<storage, read> weights: array<f32>;
@group(0) @binding(5) var<storage, read> sums: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = ((group.x + group.y * groups.x) * 64u + lane) * PER_THREAD;
  let r = group.z;
  let dAt = params.dOffset + r * params.dReplica;
  let yAt = params.yOffset + r * params.yReplica;
  let to = params.dxOffset + r * params.dxReplica;
  let weightsAt = params.weightsOffset + r * params.weightsReplica;
  for (var e = first; e < min(first + PER_THREAD, params.elements); e++) {
    let row = e / params.inner;
    let g = row % params.groups;
    var value = d[dAt + e];
    var factor = scale[params.scaleOffset + r * params.scaleReplica + g];
    if (WEIGHT == 1u) { factor *= weights[weightsAt + g]; }
    if (WEIGHT == 2u) { value *= weights[weightsAt + e - row * params.inner]; }
    let at = r * params.sumsReplica + g;
    let meanOf = sums[params.sumsOffset + at] / params.count;
    let along = sums[params.productsAt + at] / params.count;
    dx[to + e] = factor * ((value - meanOf) - y[yAt + e] * along);
  }
}
