// outer: counts of the elements of per-example gradients g[n, l, k] = delta[n, l]·x[n, k] by their value, or by the value of
//   the parameter w[l, k] and theirs, added to those that are there. Nothing of size batch × outputs × inputs.
// Layout: x [batch, inputs]; delta [batch, outputs]; w [outputs, inputs]; counts [rows, bins], then one more for what is no
//   finite number. A bin is [low + i·width, low + (i + 1)·width); what lies outside the range counts in the first or last.
// Knobs: PARAMETERS: rows are bins of the parameter, else there is one row. PER_THREAD parameters are taken by an invocation.
// Order: integers, so none matters: bins of the workgroup's own, added to the others' at its end. rows·bins ≤ 2048.
// Cost: 3 flops an element, and 8 bytes before caches; 2049 additions a workgroup.

import package::shared::floats::isFinite;
import package::shared::bins::binOf;

// knobs
const PARAMETERS: bool = false;
const PER_THREAD: u32 = 16u;
// end knobs

const MOST: u32 = 2049u;

struct Params {
  batch: u32, outputs: u32, inputs: u32, rows: u32, bins: u32,
  low: f32, perWidth: f32, rowLow: f32, rowPerWidth: f32,
  xOffset: u32, xReplica: u32, deltaOffset: u32, deltaReplica: u32, wOffset: u32, wReplica: u32,
  countsOffset: u32, countsReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> delta: array<f32>;
@group(0) @binding(3) var<storage, read> w: array<f32>;
@group(0) @binding(4) var<storage, read_write> counts: array<atomic<u32>>;

var<workgroup> own: array<atomic<u32>, MOST>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let total = params.rows * params.bins;
  let parameters = params.outputs * params.inputs;
  let first = (group.x + group.y * groups.x) * 64u * PER_THREAD + lane;
  let xBase = params.xOffset + group.z * params.xReplica;
  let deltaBase = params.deltaOffset + group.z * params.deltaReplica;
  for (var j = 0u; j < PER_THREAD; j++) {
    let p = first + 64u * j;
    if (p >= parameters) { break; }
    let l = p / params.inputs;
    let k = p % params.inputs;
    var row = 0u;
    var known = true;
    if (PARAMETERS) {
      let value = w[params.wOffset + group.z * params.wReplica + p];
      known = isFinite(value);
      if (known) { row = binOf(value, params.rowLow, params.rowPerWidth, params.rows) * params.bins; }
    }
    for (var n = 0u; n < params.batch; n++) {
      let g = delta[deltaBase + n * params.outputs + l] * x[xBase + n * params.inputs + k];
      var bin = total;
      if (known && isFinite(g)) { bin = row + binOf(g, params.low, params.perWidth, params.bins); }
      atomicAdd(&own[bin], 1u);
    }
  }
  workgroupBarrier();
  let base = params.countsOffset + group.z * params.countsReplica;
  for (var i = lane; i <= total; i += 64u) {
    let count = atomicLoad(&own[i]);
    if (count > 0u) { atomicAdd(&counts[base + i], count); }
  }
}
