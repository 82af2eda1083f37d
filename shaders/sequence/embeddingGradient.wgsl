// embeddingGradient: y[b, v, k] = Σ d[m, k] over the rows m of block b of which the index is v: the transpose of embedding,
//   block by block.
// Layout: d [rows, width]; index (u32, below entries) [rows]; y [⌈rows / block⌉, entries, width]. An invocation has TILE columns
//   k of one entry, and goes through the block's indices once.
// Knobs: TILE columns an invocation: more of them read the indices less often.
// An index past the end makes its block NaN.
// Order: m ascending.
// Cost: 1 flop and 4 bytes an element of d; entries·width/TILE indices of 4 bytes a row.

import package::shared::floats::nan;

// knobs
const TILE: u32 = 4u;
// end knobs

struct Params {
  rows: u32, entries: u32, width: u32, block: u32,
  dOffset: u32, dReplica: u32, indexOffset: u32, indexReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> d: array<f32>;
@group(0) @binding(2) var<storage, read> index: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let id = (group.x + group.y * groups.x) * 64u + lane;
  let tiles = (params.width + TILE - 1u) / TILE;
  let entry = id / tiles;
  let v = entry % params.entries;
  let first = entry / params.entries * params.block;
  if (first >= params.rows) { return; }
  let k = id % tiles * TILE;
  let width = min(TILE, params.width - k);
  let last = min(first + params.block, params.rows);
  let indexAt = params.indexOffset + group.z * params.indexReplica;
  let dAt = params.dOffset + group.z * params.dReplica + k;
  var sums: array<f32, TILE>;
  var isPast = false;
  for (var m = first; m < last; m++) {
    let own = index[indexAt + m];
    isPast = isPast || own >= params.entries;
    if (own == v) {
      for (var j = 0u; j < TILE; j++) { if (j < width) { sums[j] += d[dAt + m * params.width + j]; } }
    }
  }
  let out = params.yOffset + group.z * params.yReplica + entry * params.width + k;
  for (var j = 0u; j < TILE; j++) { if (j < width) { y[out + j] = select(sums[j], nan(params.entries), isPast); } }
}
