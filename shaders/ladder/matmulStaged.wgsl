// matmulStaged: C = A B, an invocation an output; a workgroup stages 16 × 16 of each operand in its memory. A rung of the
//   ladder of products.
// Layout: a [m, k], b [k, n], c [m, n], row-major and dense; replica r is workgroup_id.z.
// Order: one accumulator an output, k ascending.
// Cost: 2 k flops and k / 2 bytes of a and b an output, before caches; two reads of workgroup memory (2 kB) for each
//   multiplication.

struct Params {
  m: u32, n: u32, k: u32, aOffset: u32, aReplica: u32, bOffset: u32, bReplica: u32, cOffset: u32, cReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;

var<workgroup> aTile: array<f32, 256>;
var<workgroup> bTile: array<f32, 256>;

@compute @workgroup_size(256) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let across = (params.n + 15u) / 16u;
  let tile = group.x + group.y * groups.x;
  let up = local / 16u;
  let left = local % 16u;
  let row = tile / across * 16u + up;
  let column = tile % across * 16u + left;
  let aBase = params.aOffset + group.z * params.aReplica;
  let bBase = params.bOffset + group.z * params.bReplica;
  var sum = 0.0;
  for (var k0 = 0u; k0 < params.k; k0 += 16u) {
    // What lies past an edge is staged as zero.
    var x = 0.0;
    var y = 0.0;
    if (row < params.m && k0 + left < params.k) { x = a[aBase + row * params.k + k0 + left]; }
    if (column < params.n && k0 + up < params.k) { y = b[bBase + (k0 + up) * params.n + column]; }
    aTile[local] = x;
    bTile[local] = y;
    workgroupBarrier();
    for (var l = 0u; l < 16u; l++) { sum += aTile[up * 16u + l] * bTile[l * 16u + left]; }
    workgroupBarrier();
  }
  if (row < params.m && column < params.n) {
    c[params.cOffset + group.z * params.cReplica + row * params.n + column] = sum;
  }
}
