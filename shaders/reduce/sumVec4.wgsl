// sumVec4: y[o] = Σ_r x[o, r], or Σ_r x[o, r]·w[o, r]: sums along the last axis, read four by four.
// Layout: x [outer, reduced], w [outer, reduced] or, with a wRow of 0, [reduced] for every o; reduced divisible by 4
//   unless outer is 1. y [outer, chunks]: an invocation sums `chunk` consecutive vectors; further dispatches sum the chunks.
// Knobs: PRODUCT multiplies by w, so that a dot product reads each operand once; SQUARE by x itself, which is read once.
// Order: (0 + 1) + (2 + 3) of four consecutive vectors onto one accumulator, ascending; its components likewise.
// Cost: 1 flop (2 with PRODUCT) and 4 bytes (8) an element of x. On software adapters a buffer-to-buffer copy of x takes
//   less than half as long as its sum: loads, carried out lane by lane there, bound this kernel, not memory.

// knobs
const PRODUCT: bool = false;
const SQUARE: bool = false;
// end knobs

struct Params {
  outer: u32, reduced: u32, chunk: u32, chunks: u32, wRow: u32,
  xOffset: u32, xReplica: u32, wOffset: u32, wReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

fn term(xAt: u32, wAt: u32) -> vec4f {
  let value = x[xAt];
  if (SQUARE) { return value * value; }
  if (PRODUCT) { return value * w[wAt]; }
  return value;
}

@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let out = (group.x + group.y * groups.x) * 16u + lane;
  if (out >= params.outer * params.chunks) { return; }
  let c = out % params.chunks;
  let o = out / params.chunks;
  let whole = params.reduced / 4u;
  let first = c * params.chunk;
  let count = min(first + params.chunk, whole) - min(first, whole);
  var xAt = (params.xOffset + group.z * params.xReplica + o * params.reduced) / 4u + first;
  var wAt = (params.wOffset + group.z * params.wReplica + o * params.wRow) / 4u + first;
  var acc = vec4f();
  var j = 0u;
  for (; j + 4u <= count; j += 4u) {
    acc += (term(xAt, wAt) + term(xAt + 1u, wAt + 1u)) + (term(xAt + 2u, wAt + 2u) + term(xAt + 3u, wAt + 3u));
    xAt += 4u;
    wAt += 4u;
  }
  for (; j < count; j++) {
    acc += term(xAt, wAt);
    xAt++;
    wAt++;
  }
  // A vector that the last row ends in: what follows it in the buffer is not x.
  let left = params.reduced % 4u;
  if (left != 0u && c == params.chunks - 1u) {
    acc += select(vec4f(), term(xAt, wAt), vec4u(0u, 1u, 2u, 3u) < vec4u(left));
  }
  y[params.yOffset + group.z * params.yReplica + out] = (acc.x + acc.y) + (acc.z + acc.w);
}
