// lanczosStep: z = (y − (f/s)·p)/√s − √s·q/√t: what is left of A times the unit vector p/√s when its parts along that one and along the
//   one before, q/√t, are taken out; y = A·p. Its norm is the next number beside the diagonal, so z need not be scaled to go on.
// Layout: y, p, q and z [4·vectors], in fours; f = pᵀy, s = |p|² and t = |q|² are numbers, s and t above 0.
// Knobs: BEFORE: there is a vector before; else q and t are left out. PER_THREAD vectors of four a thread, a workgroup apart.
// Order: y less the part along p, scaled, less the part along q.
// Cost: 5 flops and 16 bytes an element: one pass over memory.

// knobs
const BEFORE: bool = true;
const PER_THREAD: u32 = 1u;
// end knobs

struct Params {
  vectors: u32,
  yOffset: u32, yReplica: u32, pOffset: u32, pReplica: u32, qOffset: u32, qReplica: u32, fOffset: u32, fReplica: u32,
  sOffset: u32, sReplica: u32, tOffset: u32, tReplica: u32, zOffset: u32, zReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<vec4f>;
@group(0) @binding(2) var<storage, read> p: array<vec4f>;
@group(0) @binding(3) var<storage, read> q: array<vec4f>;
@group(0) @binding(4) var<storage, read> f: array<f32>;
@group(0) @binding(5) var<storage, read> s: array<f32>;
@group(0) @binding(6) var<storage, read> t: array<f32>;
@group(0) @binding(7) var<storage, read_write> z: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.x + group.y * groups.x) * 64u * PER_THREAD + lane;
  if (first >= params.vectors) { return; }
  let r = group.z;
  let square = s[params.sOffset + r * params.sReplica];
  let inverse = 1.0 / sqrt(square);
  let along = f[params.fOffset + r * params.fReplica] / square;
  var before = 0.0;
  if (BEFORE) { before = sqrt(square) / sqrt(t[params.tOffset + r * params.tReplica]); }
  let yBase = (params.yOffset + r * params.yReplica) / 4u;
  let pBase = (params.pOffset + r * params.pReplica) / 4u;
  let qBase = (params.qOffset + r * params.qReplica) / 4u;
  let zBase = (params.zOffset + r * params.zReplica) / 4u;
  // unroll
  for (var k = 0u; k < PER_THREAD; k++) {
    let here = first + k * 64u;
    if (here < params.vectors) {
      var left = (y[yBase + here] - along * p[pBase + here]) * inverse;
      if (BEFORE) { left -= before * q[qBase + here]; }
      z[zBase + here] = left;
    }
  }
}
