// sum: y[o, i] = Σ_r x[o, r, i], or Σ_r x[o, r, i]·w[o, r, i].
// Layout: x [outer, reduced, inner], w likewise, rows wRow apart: reduced·inner, or 0 where all o share them; y
//   [outer, chunks, inner]: a thread sums `chunk` consecutive r; a second dispatch sums the chunks.
// Knobs: PRODUCT multiplies by w, so that a dot product reads each operand once; SQUARE by x itself, which is read once.
// Order: r ascending, in four interleaved accumulators added as (0 + 1) + (2 + 3); chunks likewise.
// Cost: 1 flop (2 with PRODUCT) and 4 bytes (8) an element of x.

// knobs
const PRODUCT: bool = false;
const SQUARE: bool = false;
// end knobs

struct Params {
  outer: u32, reduced: u32, inner: u32, chunk: u32, chunks: u32, wRow: u32,
  xOffset: u32, xReplica: u32, wOffset: u32, wReplica: u32, yOffset: u32, yReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

fn term(xAt: u32, wAt: u32) -> f32 {
  let value = x[xAt];
  if (SQUARE) { return value * value; }
  if (PRODUCT) { return value * w[wAt]; }
  return value;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let out = (group.x + group.y * groups.x) * 64u + lane;
  if (out >= params.outer * params.chunks * params.inner) { return; }
  let i = out % params.inner;
  let c = (out / params.inner) % params.chunks;
  let o = out / (params.inner * params.chunks);
  let first = c * params.chunk;
  let last = min(first + params.chunk, params.reduced);
  let within = first * params.inner + i;
  var xAt = params.xOffset + group.z * params.xReplica + o * params.reduced * params.inner + within;
  var wAt = params.wOffset + group.z * params.wReplica + o * params.wRow + within;
  let step = params.inner;
  var acc = vec4f();
  var r = first;
  for (; r + 4u <= last; r += 4u) {
    acc += vec4f(
      term(xAt, wAt),
      term(xAt + step, wAt + step),
      term(xAt + 2u * step, wAt + 2u * step),
      term(xAt + 3u * step, wAt + 3u * step),
    );
    xAt += 4u * step;
    wAt += 4u * step;
  }
  for (; r < last; r++) {
    acc.x += term(xAt, wAt);
    xAt += step;
    wAt += step;
  }
  y[params.yOffset + group.z * params.yReplica + out] = (acc.x + acc.y) + (acc.z + acc.w);
}
