// gather: the examples of a batch from a data set that stays on the device, x[b, k] = X[indices[b], k], and their targets.
// Layout: data [examples, rowWords] words: four bytes each, value/255 (rows padded to whole words), or an element each;
//   indices [batch]; x [batch, features], float32 by their bits, or class indices; targets [examples, targetWidth] and y
//   [batch, targetWidth], moved as bits. An index past the examples gives NaN, and all bits set for a class index or a target,
//   which as a float is NaN too.
//   A workgroup moves WIDTH·PER_THREAD words of one row, `segments` of them a row; the first of a row moves its targets too.
// Knobs: ELEMENTS says what `data` holds: bytes (0), floats (1) or class indices (2); PER_THREAD words are moved by one of a workgroup's WIDTH invocations.
// Order: no sums.
// Cost: 1 flop, 5 to 8 bytes an output.

import package::shared::floats::nan;

// knobs
const ELEMENTS: u32 = 0u;
const PER_THREAD: u32 = 1u;
const WIDTH: u32 = 64u;
// end knobs

struct Params {
  batch: u32, examples: u32, features: u32, rowWords: u32, segments: u32, targetWidth: u32,
  dataOffset: u32, dataReplica: u32, targetsOffset: u32, targetsReplica: u32, indicesOffset: u32, indicesReplica: u32,
  xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<u32>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read> indices: array<u32>;
@group(0) @binding(4) var<storage, read_write> x: array<u32>;
@group(0) @binding(5) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = group.x + group.y * groups.x;
  let b = place / params.segments;
  if (b >= params.batch) { return; }
  let segment = place % params.segments;
  let r = group.z;
  let example = indices[params.indicesOffset + r * params.indicesReplica + b];
  let exists = example < params.examples;
  let source = select(0u, example, exists);
  let row = params.dataOffset + r * params.dataReplica + source * params.rowWords;
  let out = params.xOffset + r * params.xReplica + b * params.features;
  let first = segment * WIDTH * PER_THREAD + lane;
  for (var j = 0u; j < PER_THREAD; j++) {
    let i = first + WIDTH * j;
    if (i >= params.rowWords) { break; }
    let word = data[row + i];
    if (ELEMENTS == 0u) {
      let bytes = vec4f((vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(0xffu)) / 255.0;
      let values = bitcast<vec4u>(select(vec4f(nan(params.batch)), bytes, exists));
      let k = 4u * i;
      x[out + k] = values.x;
      if (k + 1u < params.features) { x[out + k + 1u] = values.y; }
      if (k + 2u < params.features) { x[out + k + 2u] = values.z; }
      if (k + 3u < params.features) { x[out + k + 3u] = values.w; }
    } else {
      let none = select(bitcast<u32>(nan(params.batch)), 0xffffffffu, ELEMENTS == 2u);
      x[out + i] = select(none, word, exists);
    }
  }
  if (segment > 0u) { return; }
  let targetRow = params.targetsOffset + r * params.targetsReplica + source * params.targetWidth;
  let yRow = params.yOffset + r * params.yReplica + b * params.targetWidth;
  for (var t = lane; t < params.targetWidth; t += WIDTH) {
    y[yRow + t] = select(0xffffffffu, targets[targetRow + t], exists);
  }
}
