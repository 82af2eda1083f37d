// matmulCoalesced: C = A B, an invocation an output, neighbours side by side. The second rung of the ladder of products:
//   matmulNaive with row and column exchanged.
// Layout: a [m, k], b [k, n], c [m, n], row-major and dense; replica r is workgroup_id.z.
// Order: one accumulator an output, k ascending.
// Cost: 2 k flops and 8 k bytes an output, before caches. Neighbours read the same number of a, the next one of b.

struct Params {
  m: u32, n: u32, k: u32, aOffset: u32, aReplica: u32, bOffset: u32, bReplica: u32, cOffset: u32, cReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;

@compute @workgroup_size(64) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.x + group.y * groups.x) * 64u + local;
  if (index >= params.m * params.n) { return; }
  let row = index / params.n;
  let column = index % params.n;
  let aBase = params.aOffset + group.z * params.aReplica;
  let bBase = params.bOffset + group.z * params.bReplica;
  var sum = 0.0;
  for (var k = 0u; k < params.k; k++) {
    sum += a[aBase + row * params.k + k] * b[bBase + k * params.n + column];
  }
  c[params.cOffset + group.z * params.cReplica + row * params.n + column] = sum;
}
