// gather: the examples of a batch from a data set that stays on the device, x[b, k] = X[indices[b], k], and their targets.
// Layout: data [examples, rowWords] words: four bytes each, value/255 (rows padded to whole words), or float32;
//   indices [batch]; x [batch, features]; targets [examples, targetWidth] and y [batch, targetWidth], moved as bits.
// Knobs: BYTES says what `data` holds.
// Order: no sums.
// Cost: 1 flop, 5 to 8 bytes an output.

// knobs
const BYTES: bool = true;
// end knobs

struct Params {
  batch: u32, features: u32, rowWords: u32, targetWidth: u32,
  dataOffset: u32, dataReplica: u32, targetsOffset: u32, targetsReplica: u32, indicesOffset: u32, indicesReplica: u32,
  xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<u32>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read> indices: array<u32>;
@group(0) @binding(4) var<storage, read_write> x: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  let r = group.z;
  let features = params.batch * params.features;
  if (i < features) {
    let b = i / params.features;
    let k = i % params.features;
    let example = indices[params.indicesOffset + r * params.indicesReplica + b];
    let row = params.dataOffset + r * params.dataReplica + example * params.rowWords;
    var value = 0.0;
    if (BYTES) {
      value = f32((data[row + k / 4u] >> (8u * (k % 4u))) & 0xffu) / 255.0;
    } else {
      value = bitcast<f32>(data[row + k]);
    }
    x[params.xOffset + r * params.xReplica + i] = value;
    return;
  }
  let t = i - features;
  if (t >= params.batch * params.targetWidth) { return; }
  let example = indices[params.indicesOffset + r * params.indicesReplica + t / params.targetWidth];
  y[params.yOffset + r * params.yReplica + t] =
    targets[params.targetsOffset + r * params.targetsReplica + example * params.targetWidth + t % params.targetWidth];
}
