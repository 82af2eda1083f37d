// tangentMerge: Σd and Σd·y of each group from those of its chunks.
// Layout: partial [chunks, 2, groups]: Σd, then Σd·y; sums [groups] Σd, and at `productsAt` (from the buffer's start) Σd·y.
//   One thread a sum.
// Order: chunks ascending, in four interleaved accumulators added as (0 + 1) + (2 + 3).
// Cost: 1 flop and 4 bytes a chunk and sum.

struct Params {
  groups: u32, chunks: u32, productsAt: u32,
  partialOffset: u32, partialReplica: u32, sumsOffset: u32, sumsReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let column = (group.x + group.y * groups.x) * 16u + lane;
  let columns = 2u * params.groups;
  if (column >= columns) { return; }
  var at = params.partialOffset + group.z * params.partialReplica + column;
  var acc = vec4f();
  var k = 0u;
  for (; k + 4u <= params.chunks; k += 4u) {
    acc += vec4f(partial[at], partial[at + columns], partial[at + 2u * columns], partial[at + 3u * columns]);
    at += 4u * columns;
  }
  for (; k < params.chunks; k++) {
    acc.x += partial[at];
    at += columns;
  }
  let isProduct = column >= params.groups;
  let to = select(params.sumsOffset, params.productsAt, isProduct) + group.z * params.sumsReplica;
  sums[to + select(column, column - params.groups, isProduct)] = (acc.x + acc.y) + (acc.z + acc.w);
}
