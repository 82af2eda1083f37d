// momentsWorkgroup: mean and Σ(x − mean)² of each chunk of each group's elements, a workgroup a chunk; momentsMerge puts
//   the chunks together.
// Layout: x [outer, groups, inner], a group's elements running over outer, then inner; partial [chunks, 2, groups]:
//   mean, then squares. A chunk is `chunk` consecutive elements of a group.
// Order: each of 128 invocations adds every 128th element, ascending; then a tree; about a first estimate of the mean.
// Cost: 5 flops and 4 bytes an element; x is read twice, once from cache.

import package::shared::groups::total;

struct Params {
  elements: u32, groups: u32, inner: u32, chunk: u32, chunks: u32,
  xOffset: u32, xReplica: u32, partialOffset: u32, partialReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let out = group.x + group.y * groups.x;
  if (out >= params.groups * params.chunks) { return; }
  let g = out % params.groups;
  let k = out / params.groups;
  let first = k * params.chunk;
  let last = min(first + params.chunk, params.elements);
  let count = f32(last - first);
  let base = params.xOffset + group.z * params.xReplica;
  let inner = params.inner;
  var sum = 0.0;
  for (var j = first + lane; j < last; j += 128u) {
    let o = j / inner;
    sum += x[base + (o * params.groups + g) * inner + (j - o * inner)];
  }
  let estimate = total(lane, vec2f(sum, 0.0)).x / count;
  var about = vec2f();
  for (var j = first + lane; j < last; j += 128u) {
    let o = j / inner;
    let deviation = x[base + (o * params.groups + g) * inner + (j - o * inner)] - estimate;
    about += vec2f(deviation, deviation * deviation);
  }
  let rest = total(lane, about);
  let shift = rest.x / count;
  if (lane == 0u) {
    let to = params.partialOffset + group.z * params.partialReplica + k * 2u * params.groups + g;
    partial[to] = estimate + shift;
    partial[to + params.groups] = rest.y - rest.x * shift;
  }
}
