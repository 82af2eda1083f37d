// embeddingMoments: of g_n[v, k] = Σ d[m, k] over the rows m of example n of which the index is v, the mean over the examples and
//   Σ_n (g_n[v, k] − mean)².
// Layout: d [examples·places, width], the rows of one example together; index (u32, below entries) [examples·places]; gradient and
//   variance [entries, width]. An invocation has TILE columns k of one entry, forms each g_n in registers, and goes through the
//   indices twice: deviations are from the mean itself.
// Knobs: TILE columns an invocation: more of them read the indices less often.
// An index past the end makes everything NaN.
// Order: n ascending, within an example m ascending.
// Cost: 2 flops and 8 bytes an element of d, 4 flops an example and coordinate; 2·entries·width/TILE indices of 4 bytes a row.

import package::shared::floats::nan;

// knobs
const TILE: u32 = 4u;
// end knobs

struct Params {
  examples: u32, places: u32, entries: u32, width: u32,
  dOffset: u32, dReplica: u32, indexOffset: u32, indexReplica: u32, gradientOffset: u32, gradientReplica: u32,
  varianceOffset: u32, varianceReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> d: array<f32>;
@group(0) @binding(2) var<storage, read> index: array<u32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> variance: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let id = (group.x + group.y * groups.x) * 64u + lane;
  let tiles = (params.width + TILE - 1u) / TILE;
  let v = id / tiles;
  if (v >= params.entries) { return; }
  let k = id % tiles * TILE;
  let width = min(TILE, params.width - k);
  let indexAt = params.indexOffset + group.z * params.indexReplica;
  let dAt = params.dOffset + group.z * params.dReplica + k;
  let rows = params.examples * params.places;
  var mean: array<f32, TILE>;
  // Outside of the loops: one that is declared within keeps on SwiftShader what it held (2026-11-28).
  var g: array<f32, TILE>;
  var isPast = false;
  // Example by example, so that the mean has the rounding of a sum of the g_n.
  for (var n = 0u; n < params.examples; n++) {
    for (var j = 0u; j < TILE; j++) { g[j] = 0.0; }
    for (var t = 0u; t < params.places; t++) {
      let m = n * params.places + t;
      let own = index[indexAt + m];
      isPast = isPast || own >= params.entries;
      if (own == v) {
        for (var j = 0u; j < TILE; j++) { if (j < width) { g[j] += d[dAt + m * params.width + j]; } }
      }
    }
    for (var j = 0u; j < TILE; j++) { mean[j] += g[j]; }
  }
  for (var j = 0u; j < TILE; j++) { mean[j] /= f32(params.examples); }
  var squares: array<f32, TILE>;
  for (var n = 0u; n < params.examples; n++) {
    for (var j = 0u; j < TILE; j++) { g[j] = 0.0; }
    for (var t = 0u; t < params.places; t++) {
      let m = n * params.places + t;
      if (index[indexAt + m] == v) {
        for (var j = 0u; j < TILE; j++) { if (j < width) { g[j] += d[dAt + m * params.width + j]; } }
      }
    }
    for (var j = 0u; j < TILE; j++) { squares[j] += (g[j] - mean[j]) * (g[j] - mean[j]); }
  }
  let at = v * params.width + k;
  for (var j = 0u; j < TILE; j++) {
    if (j >= width) { continue; }
    gradient[params.gradientOffset + group.z * params.gradientReplica + at + j] = select(mean[j], nan(rows), isPast);
    variance[params.varianceOffset + group.z * params.varianceReplica + at + j] = select(squares[j], nan(rows), isPast);
  }
}
