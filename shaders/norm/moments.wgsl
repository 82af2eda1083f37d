// moments: mean and Σ(x − mean)² of each chunk of each group's elements; momentsMerge puts the chunks together.
// Layout: x [outer, groups, inner], a group's elements running over outer, then inner; partial [chunks, 2, groups]:
//   mean, then squares. One thread a chunk of `chunk` consecutive elements of a group.
// Order: elements ascending, in one accumulator, about a first estimate of the mean.
// Cost: 5 flops and 4 bytes an element; x is read twice.

struct Params {
  elements: u32, groups: u32, inner: u32, chunk: u32, chunks: u32,
  xOffset: u32, xReplica: u32, partialOffset: u32, partialReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let out = (group.x + group.y * groups.x) * 64u + lane;
  if (out >= params.groups * params.chunks) { return; }
  let g = out % params.groups;
  let first = out / params.groups * params.chunk;
  let last = min(first + params.chunk, params.elements);
  let inner = params.inner;
  // From the last element of a row of `inner` to the first of the next one.
  let jump = params.groups * inner - inner + 1u;
  let i0 = first % inner;
  let at0 = params.xOffset + group.z * params.xReplica + (first / inner * params.groups + g) * inner + i0;
  let count = f32(last - first);

  var at = at0;
  var i = i0;
  var total = 0.0;
  for (var j = first; j < last; j++) {
    total += x[at];
    i++;
    let wrap = i == inner;
    at += select(1u, jump, wrap);
    i = select(i, 0u, wrap);
  }
  let estimate = total / count;
  at = at0;
  i = i0;
  var rest = 0.0;
  var squares = 0.0;
  for (var j = first; j < last; j++) {
    let deviation = x[at] - estimate;
    rest += deviation;
    squares += deviation * deviation;
    i++;
    let wrap = i == inner;
    at += select(1u, jump, wrap);
    i = select(i, 0u, wrap);
  }
  let shift = rest / count;
  let to = params.partialOffset + group.z * params.partialReplica + out / params.groups * 2u * params.groups + g;
  partial[to] = estimate + shift;
  partial[to + params.groups] = squares - rest * shift;
}
