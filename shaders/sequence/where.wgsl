// where: z[i] = x[i] where mask[i] is not zero, else y[i].
// Layout: mask, x, y, z [elements]; the mask's words are u32 or the bits of f32.
// Knobs: FLOAT: the mask is of f32, so that −0 is zero too, and a NaN is not.
// What is not chosen does not count, a NaN or an infinity neither.
// Order: no sums.
// Cost: 16 bytes an output.

// knobs
const FLOAT: bool = false;
// end knobs

struct Params {
  elements: u32, maskOffset: u32, maskReplica: u32, xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32,
  zOffset: u32, zReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> mask: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> z: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.elements) { return; }
  var word = mask[params.maskOffset + group.z * params.maskReplica + i];
  if (FLOAT) { word = word & 0x7fffffffu; }
  z[params.zOffset + group.z * params.zReplica + i] = select(
    y[params.yOffset + group.z * params.yReplica + i],
    x[params.xOffset + group.z * params.xReplica + i],
    word != 0u,
  );
}
