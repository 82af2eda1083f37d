// max: y[o, i] = max_r x[o, r, i] and index[o, i] = the first r that has it. A NaN is larger than every number, so the first
//   NaN is found, as PyTorch's max and argmax do.
// Layout: x [outer, reduced, inner]; y and index [outer, chunks, inner], index u32: an invocation looks at one chunk of r,
//   and further dispatches at the chunks.
// Knobs: PARTIAL: x are the largest of chunks and `at`, of x's shape, where they were; else r itself counts. INTERLEAVED:
//   chunk c is every chunks-th r from c on, which neighbouring invocations of a GPU load together; else consecutive r.
// Order: nothing is summed, and the result depends on no order.
// Cost: 1 comparison and 4 bytes an element of x.

import package::shared::floats::isNan;

// knobs
const PARTIAL: bool = false;
const INTERLEAVED: bool = false;
// end knobs

struct Params {
  outer: u32, reduced: u32, inner: u32, chunk: u32, chunks: u32,
  xOffset: u32, xReplica: u32, atOffset: u32, atReplica: u32, yOffset: u32, yReplica: u32,
  indexOffset: u32, indexReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> at: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> index: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let out = (group.x + group.y * groups.x) * 64u + lane;
  if (out >= params.outer * params.chunks * params.inner) { return; }
  let i = out % params.inner;
  let c = (out / params.inner) % params.chunks;
  let o = out / (params.inner * params.chunks);
  let first = select(c * params.chunk, c, INTERLEAVED);
  let last = select(min(first + params.chunk, params.reduced), params.reduced, INTERLEAVED);
  let step = select(1u, params.chunks, INTERLEAVED);
  let row = o * params.reduced * params.inner + i;
  let xBase = params.xOffset + group.z * params.xReplica + row;
  let atBase = params.atOffset + group.z * params.atReplica + row;
  var best = x[xBase + first * params.inner];
  var bestAt = first;
  if (PARTIAL) { bestAt = at[atBase + first * params.inner]; }
  for (var r = first + step; r < last; r += step) {
    let v = x[xBase + r * params.inner];
    var vAt = r;
    if (PARTIAL) { vAt = at[atBase + r * params.inner]; }
    let nan = isNan(v);
    let bestNan = isNan(best);
    let same = select(v == best, nan, bestNan);
    let larger = select(v > best, true, nan) && !bestNan;
    if (larger || (same && nan == bestNan && vAt < bestAt)) {
      best = v;
      bestAt = vAt;
    }
  }
  y[params.yOffset + group.z * params.yReplica + out] = best;
  index[params.indexOffset + group.z * params.indexReplica + out] = bestAt;
}
