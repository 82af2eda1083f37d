// dots: y[i, c] = Σ V[i, p]·w[p] over chunk c of p: the dot products of several vectors with one, which is read once for
//   every four of them.
// Layout: V [rows, 4·vectors], w [4·vectors], in fours; y [rows, chunks]: a second kernel sums the chunks.
// Knobs: INTERLEAVED: chunk c is every chunks-th vector of four from c on, which neighbouring invocations of a GPU load
//   together; else `chunk` consecutive ones.
// Order: an accumulator of four a row, ascending; its components as (0 + 1) + (2 + 3).
// Cost: 2 flops and 5 bytes an element of V.

// knobs
const INTERLEAVED: bool = false;
// end knobs

struct Params {
  rows: u32, vectors: u32, chunk: u32, chunks: u32,
  VOffset: u32, VReplica: u32, wOffset: u32, wReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> V: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let out = (group.x + group.y * groups.x) * 16u + lane;
  let c = out % params.chunks;
  let row = out / params.chunks * 4u;
  if (row >= params.rows) { return; }
  let first = select(c * params.chunk, c, INTERLEAVED);
  let last = select(min(first + params.chunk, params.vectors), params.vectors, INTERLEAVED);
  let by = select(1u, params.chunks, INTERLEAVED);
  let wBase = (params.wOffset + group.z * params.wReplica) / 4u;
  let vBase = (params.VOffset + group.z * params.VReplica) / 4u;
  // Rows past the end repeat the last, and are not written.
  let end = params.rows - 1u;
  let row0 = vBase + row * params.vectors;
  let row1 = vBase + min(row + 1u, end) * params.vectors;
  let row2 = vBase + min(row + 2u, end) * params.vectors;
  let row3 = vBase + min(row + 3u, end) * params.vectors;
  var acc0 = vec4f();
  var acc1 = vec4f();
  var acc2 = vec4f();
  var acc3 = vec4f();
  for (var at = first; at < last; at += by) {
    let value = w[wBase + at];
    acc0 += V[row0 + at] * value;
    acc1 += V[row1 + at] * value;
    acc2 += V[row2 + at] * value;
    acc3 += V[row3 + at] * value;
  }
  let sums = transpose(mat4x4f(acc0, acc1, acc2, acc3));
  let totals = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  let yBase = params.yOffset + group.z * params.yReplica + row * params.chunks + c;
  y[yBase] = totals.x;
  if (row + 1u < params.rows) { y[yBase + params.chunks] = totals.y; }
  if (row + 2u < params.rows) { y[yBase + 2u * params.chunks] = totals.z; }
  if (row + 3u < params.rows) { y[yBase + 3u * params.chunks] = totals.w; }
}
