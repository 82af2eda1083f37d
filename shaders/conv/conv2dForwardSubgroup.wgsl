// conv2dForwardSubgroup: what `conv2dForward` computes, act(w ∗ x + b + addend) or its product with act′, by four
//   invocations (a quad) a tile, each along a row of outputs: y[n, o, p, q] = act(Σ_{c, i, j} w[o, c, i, j]·x[n, c, p·sh + i − ph, q·sw + j − pw] + b[o] + addend).
// Layout: x [N, C, H, W], w [O, C, kh, kw], b [O], y, addend and gate [N, O, H', W'] as in `conv2dForward`; replica r is
//   workgroup_id.z. BIAS, ADDEND, ACTIVATION and MASK: see
//   shared/conv2dForward.
// Knobs: WIDTH invocations a workgroup. A tile is 4 TILE_Q channels by four pieces of TILE_P positions of a row: each
//   lane holds one piece and loads TILE_Q rows of weights, which the quad passes around. KW and SW are kernel width and
//   stride along a row, so that the SPAN = (TILE_P − 1)·SW + KW pixels of a piece are loaded once for all taps.
// Order: one accumulator an output; the KW products of a row of taps are summed first, c and i ascending.
// Cost: 2·C·kh·kw flops an output. One loop, since SwiftShader copies every accumulator at each loop's turn.

import package::shared::conv2dForward::{b, finish, params, w, x};

enable subgroups;

// knobs
const WIDTH: u32 = 4u;
const TILE_Q: u32 = 2u;
const TILE_P: u32 = 7u;
const KW: u32 = 3u;
const SW: u32 = 1u;
const SPAN: u32 = 9u;
const BIAS: bool = true;
const ADDEND: bool = false;
const ACTIVATION: u32 = 0u;
const MASK: u32 = 0u;
// end knobs

@compute @workgroup_size(WIDTH) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32, @builtin(subgroup_invocation_id) invocation: u32,
) {
  let r = group.z;
  let lane = invocation & 3u;
  let across = (params.outWidth + TILE_P - 1u) / TILE_P;
  let pieces = across * params.images * params.outHeight;
  let fours = (pieces + 3u) / 4u;
  // A tile past the last one has its channels past O: it computes on clamped operands and stores nothing.
  let tile = (group.x + group.y * groups.x) * (WIDTH / 4u) + local / 4u;
  let o0 = tile / fours * (4u * TILE_Q);
  let mine = tile % fours * 4u + lane;
  let piece = min(mine, pieces - 1u);
  let q0 = piece % across * TILE_P;
  let n = piece / across / params.outHeight;
  let p0 = piece / across % params.outHeight;
  let image = params.height * params.width;
  let depth = params.channels * params.kernelHeight * KW;

  // Rows and columns before the image wrap around to large numbers, which are outside it too.
  let top = p0 * params.strideHeight - params.padHeight;
  let left = q0 * SW - params.padWidth;
  var wAt: array<u32, TILE_Q>;
  // unroll
  for (var q = 0u; q < TILE_Q; q++) {
    wAt[q] = params.wOffset + r * params.wReplica + min(o0 + 4u * q + lane, params.outChannels - 1u) * depth;
  }
  var sum: array<array<array<f32, TILE_P>, 4>, TILE_Q>;
  var xs: array<f32, SPAN>;
  var mineOf: array<f32, KW>;
  var ws: array<f32, KW>;
  var planeAt = params.xOffset + r * params.xReplica + n * params.channels * image;
  var i = 0u;
  for (var step = 0u; step < params.channels * params.kernelHeight; step++) {
    let row = top + i;
    let rowWidth = select(0u, params.width, row < params.height);
    let rowAt = planeAt + select(0u, row, row < params.height) * params.width;
    // unroll
    for (var s = 0u; s < SPAN; s++) {
      if (s % SW < KW) {
        let column = left + s;
        let inside = column < rowWidth;
        xs[s] = select(0.0, x[rowAt + select(0u, column, inside)], inside);
      }
    }
    // unroll
    for (var q = 0u; q < TILE_Q; q++) {
      // unroll
      for (var j = 0u; j < KW; j++) { mineOf[j] = w[wAt[q] + step * KW + j]; }
      // unroll
      for (var t = 0u; t < 4u; t++) {
        // unroll
        for (var j = 0u; j < KW; j++) { ws[j] = quadBroadcast(mineOf[j], t); }
        // unroll
        for (var p = 0u; p < TILE_P; p++) {
          var products = 0.0;
          // unroll
          for (var j = 0u; j < KW; j++) { products += ws[j] * xs[p * SW + j]; }
          sum[q][t][p] += products;
        }
      }
    }
    i++;
    let wrapped = i == params.kernelHeight;
    i = select(i, 0u, wrapped);
    planeAt += select(0u, image, wrapped);
  }

  // Through an array that stays rolled: the end is compiled once, not once an output.
  var out: array<array<array<f32, TILE_P>, 4>, TILE_Q>;
  // unroll
  for (var q = 0u; q < TILE_Q; q++) {
    // unroll
    for (var t = 0u; t < 4u; t++) { out[q][t] = sum[q][t]; }
  }
  if (mine >= pieces) { return; }
  let plane = params.outHeight * params.outWidth;
  let first = (n * params.outChannels + o0) * plane + p0 * params.outWidth + q0;
  let width = min(TILE_P, params.outWidth - q0);
  for (var o = 0u; o < 4u * TILE_Q; o++) {
    if (o0 + o >= params.outChannels) { break; }
    var bias = 0.0;
    if (BIAS) { bias = b[params.bOffset + r * params.bReplica + o0 + o]; }
    let to = first + o * plane;
    if (width == TILE_P) {
      // unroll
      for (var p = 0u; p < TILE_P; p++) {
        finish(out[o / 4u][o % 4u][p] + bias, r, to + p, ADDEND, ACTIVATION, MASK);
      }
    } else {
      for (var p = 0u; p < width; p++) {
        finish(out[o / 4u][o % 4u][p] + bias, r, to + p, ADDEND, ACTIVATION, MASK);
      }
    }
  }
}
