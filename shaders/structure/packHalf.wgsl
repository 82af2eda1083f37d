// packHalf: float32 rounded to float16, two in a word, each row filled up with zeros to whole fours.
// Layout: x [rows, columns] as bits, y [rows, words] with words = 2 ceil(columns / 4): element 2 i of a row in the low
//   half of its word i, element 2 i + 1 in the high half. Replica r is workgroup_id.z.
// Order: none; to nearest, ties to even, in integers, so that every adapter makes the same bits: WGSL leaves the rounding
//   of pack2x16float open, and its result past 65504, which is infinity here. NaN stays NaN, subnormals stay.
// Cost: 4 bytes read and 2 written an element.

struct Params {
  rows: u32, columns: u32, words: u32, xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

fn half(bits: u32) -> u32 {
  let sign = (bits >> 16u) & 0x8000u;
  let size = bits & 0x7fffffffu;
  if (size > 0x7f800000u) { return sign | 0x7e00u; }
  if (size >= 0x477ff000u) { return sign | 0x7c00u; }
  if (size >= 0x38800000u) { return sign | ((size - 0x38000000u + 0xfffu + ((size >> 13u) & 1u)) >> 13u); }
  if (size < 0x33000000u) { return sign; }
  // Below 2^-14: the significand, its leading one written out, shifted to units of 2^-24.
  let significand = (size & 0x7fffffu) | 0x800000u;
  let shift = 126u - (size >> 23u);
  let kept = significand >> shift;
  let rest = significand & ((1u << shift) - 1u);
  let middle = 1u << (shift - 1u);
  let up = rest > middle || (rest == middle && (kept & 1u) == 1u);
  return sign | (kept + select(0u, 1u, up));
}

@compute @workgroup_size(64) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.x + group.y * groups.x) * 64u + local;
  if (index >= params.rows * params.words) { return; }
  let row = index / params.words;
  let column = 2u * (index % params.words);
  let at = params.xOffset + group.z * params.xReplica + row * params.columns + column;
  var word = 0u;
  if (column < params.columns) { word = half(x[at]); }
  if (column + 1u < params.columns) { word |= half(x[at + 1u]) << 16u; }
  y[params.yOffset + group.z * params.yReplica + index] = word;
}
