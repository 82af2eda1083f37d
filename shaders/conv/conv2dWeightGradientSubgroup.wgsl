// conv2dWeightGradientSubgroup: what `conv2dWeightGradient` computes, dw[o, c, i, j] = Σ_{n, p, q} dy[n, o, p, q]·x[n, c,
//   p·sh + i − ph, q·sw + j − pw], by four invocations (a quad) a tile.
// Layout: x [N, C, H, W], dy [N, O, H', W'], dw [blocks, O, C, kh, kw]: block b sums rowsPerBlock of the N·H' output
//   rows (n, p); a second dispatch sums the blocks. Replica r is workgroup_id.z.
// Knobs: WIDTH invocations a workgroup. A tile is 4 TILE_Q channels by 4 TILE_R rows (c, i) of KW taps: each lane holds
//   TILE_R of the rows and loads TILE_Q of the channels, which the quad passes around. KW and SW are kernel width and
//   stride along a row; a step takes CHUNK positions of an output row, whose SPAN = (CHUNK − 1)·SW + KW pixels are
//   loaded once for all taps.
// Order: one accumulator an output and block; the CHUNK products of a step are summed first, n, p, q ascending.
// Cost: 2·N·H'·W' flops an output.

import package::shared::conv2dWeightGradient::{dw, dy, params, x};

enable subgroups;

// knobs
const WIDTH: u32 = 4u;
const TILE_Q: u32 = 2u;
const TILE_R: u32 = 2u;
const KW: u32 = 3u;
const SW: u32 = 1u;
const CHUNK: u32 = 7u;
const SPAN: u32 = 9u;
// end knobs

@compute @workgroup_size(WIDTH) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32, @builtin(subgroup_invocation_id) invocation: u32,
) {
  let r = group.z;
  let lane = invocation & 3u;
  let rows = params.channels * params.kernelHeight;
  let across = (rows + 4u * TILE_R - 1u) / (4u * TILE_R);
  let tiles = across * ((params.outChannels + 4u * TILE_Q - 1u) / (4u * TILE_Q));
  let groupsOfBlock = (tiles + WIDTH / 4u - 1u) / (WIDTH / 4u);
  let index = group.x + group.y * groups.x;
  let part = index / groupsOfBlock;
  // A tile past the last one has its channels past O: it computes on clamped operands and stores nothing.
  let tile = index % groupsOfBlock * (WIDTH / 4u) + local / 4u;
  let o0 = tile / across * (4u * TILE_Q);
  let row0 = tile % across * (4u * TILE_R) + lane;
  let image = params.height * params.width;
  let plane = params.outHeight * params.outWidth;

  // Rows and columns before the image wrap around to large numbers, which are outside it too.
  var dyAt: array<u32, TILE_Q>;
  var xAt: array<u32, TILE_R>;
  var top: array<u32, TILE_R>;
  // unroll
  for (var q = 0u; q < TILE_Q; q++) {
    dyAt[q] = params.dyOffset + r * params.dyReplica + min(o0 + 4u * q + lane, params.outChannels - 1u) * plane;
  }
  // unroll
  for (var t = 0u; t < TILE_R; t++) {
    let row = min(row0 + 4u * t, rows - 1u);
    xAt[t] = params.xOffset + r * params.xReplica + row / params.kernelHeight * image;
    top[t] = row % params.kernelHeight - params.padHeight;
  }

  var sum: array<array<array<array<f32, KW>, TILE_R>, 4>, TILE_Q>;
  var xs: array<array<f32, SPAN>, TILE_R>;
  var mineOf: array<f32, CHUNK>;
  var ds: array<f32, CHUNK>;
  let begin = min(part * params.rowsPerBlock, params.images * params.outHeight);
  let end = min(begin + params.rowsPerBlock, params.images * params.outHeight);
  let chunks = (params.outWidth + CHUNK - 1u) / CHUNK;
  var n = begin / params.outHeight;
  var p = begin % params.outHeight;
  var q0 = 0u;
  for (var step = begin * chunks; step < end * chunks; step++) {
    let imageAt = n * params.channels * image;
    // unroll
    for (var t = 0u; t < TILE_R; t++) {
      let y = p * params.strideHeight + top[t];
      let width = select(0u, params.width, y < params.height);
      let rowAt = xAt[t] + imageAt + select(0u, y, y < params.height) * params.width;
      // unroll
      for (var s = 0u; s < SPAN; s++) {
        if (s % SW < KW) {
          let column = q0 * SW + s - params.padWidth;
          let inside = column < width;
          xs[t][s] = select(0.0, x[rowAt + select(0u, column, inside)], inside);
        }
      }
    }
    let dyRow = n * params.outChannels * plane + p * params.outWidth;
    // unroll
    for (var q = 0u; q < TILE_Q; q++) {
      // unroll
      for (var s = 0u; s < CHUNK; s++) {
        let inside = q0 + s < params.outWidth;
        mineOf[s] = select(0.0, dy[dyAt[q] + dyRow + select(0u, q0 + s, inside)], inside);
      }
      // unroll
      for (var t = 0u; t < 4u; t++) {
        // unroll
        for (var s = 0u; s < CHUNK; s++) { ds[s] = quadBroadcast(mineOf[s], t); }
        // unroll
        for (var u = 0u; u < TILE_R; u++) {
          // unroll
          for (var j = 0u; j < KW; j++) {
            var products = 0.0;
            // unroll
            for (var s = 0u; s < CHUNK; s++) { products += ds[s] * xs[u][s * SW + j]; }
            sum[q][t][u][j] += products;
          }
        }
      }
    }
    q0 += CHUNK;
    let nextRow = q0 >= params.outWidth;
    q0 = select(q0, 0u, nextRow);
    p += select(0u, 1u, nextRow);
    let nextImage = p == params.outHeight;
    p = select(p, 0u, nextImage);
    n += select(0u, 1u, nextImage);
  }

  // Through an array that stays rolled: the end is compiled once, not once an output.
  var out: array<array<array<array<f32, KW>, TILE_R>, 4>, TILE_Q>;
  // unroll
  for (var q = 0u; q < TILE_Q; q++) {
    // unroll
    for (var t = 0u; t < 4u; t++) { out[q][t] = sum[q][t]; }
  }
  if (part >= params.blocks) { return; }
  let first = params.dwOffset + r * params.dwReplica + part * params.outChannels * rows * KW;
  for (var o = 0u; o < 4u * TILE_Q; o++) {
    if (o0 + o >= params.outChannels) { break; }
    for (var t = 0u; t < TILE_R; t++) {
      let row = row0 + 4u * t;
      if (row >= rows) { break; }
      for (var j = 0u; j < KW; j++) {
        dw[first + ((o0 + o) * rows + row) * KW + j] = out[o / 4u][o % 4u][t][j];
      }
    }
  }
}
