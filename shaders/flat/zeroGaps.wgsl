// zeroGaps: y = 0 between the tensors of a flat vector.
// Layout: gap [gaps, 2], the first element of each and the one after its last, `longest` or fewer apart; y flat.
// Order: no sums.
// Cost: 0 flops, 4 bytes an element of a gap.

struct Params {
  gaps: u32, longest: u32, gapOffset: u32, gapReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gap: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.gaps * params.longest) { return; }
  let which = params.gapOffset + group.z * params.gapReplica + 2u * (i / params.longest);
  let at = gap[which] + i % params.longest;
  if (at >= gap[which + 1u]) { return; }
  y[params.yOffset + group.z * params.yReplica + at] = 0.0;
}
