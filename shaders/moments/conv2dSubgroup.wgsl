// conv2dSubgroup: what `conv2d` computes, moments of the per-example weight gradients g_u of a convolution, by four
//   invocations (a quad) a tile: of every coordinate the mean and Σ (g_u − mean)² over a block of units; of every unit
//   and tile Σ g², a part of ‖g_u‖². With GRADIENT Σ g_u instead of the moments, bit for bit as conv2dWeightGradientSubgroup
//   sums it in blocks of as many rows: a step that is watched trains as one that is not.
// Layout: x [N, C, H, W], dy [N, O, H', W'], N = units·unitSize; moments [blocks, 2, O, C·kh·kw]: block b holds mean and
//   centred squares of unitsPerBlock units, `finish` merges the blocks; with GRADIENT [blocks, O, C·kh·kw]; norms [units,
//   tiles]. Replica r is workgroup_id.z.
// Knobs: WIDTH invocations a workgroup. A tile is 4 TILE_Q channels by 4 TILE_R rows (c, i) of KW taps: each lane holds
//   TILE_R of the rows and loads TILE_Q of the channels, which the quad passes around. KW and SW are kernel width and
//   stride along a row; a step takes CHUNK positions of an output row, whose SPAN = (CHUNK − 1)·SW + KW pixels are
//   loaded once for all taps. MOMENTS, or GRADIENT, and NORMS: which are wanted; a binding of none may hold any buffer.
// Order: one accumulator an output; the CHUNK products of a step are summed first, n, p, q ascending, then units
//   ascending. In a norm: channels, rows and taps of a lane, then the lanes of the quad in pairs.
// Cost: 2·H'·W' + 6 flops an example and coordinate, with GRADIENT one more a step.

enable subgroups;

// knobs
const WIDTH: u32 = 4u;
const TILE_Q: u32 = 2u;
const TILE_R: u32 = 2u;
const KW: u32 = 3u;
const SW: u32 = 1u;
const CHUNK: u32 = 7u;
const SPAN: u32 = 9u;
const MOMENTS: bool = true;
const NORMS: bool = true;
const GRADIENT: bool = false;
// end knobs

struct Params {
  images: u32, channels: u32, height: u32, width: u32, outChannels: u32, outHeight: u32, outWidth: u32,
  kernelHeight: u32, kernelWidth: u32, strideHeight: u32, strideWidth: u32, padHeight: u32, padWidth: u32,
  unitSize: u32, unitsPerBlock: u32, blocks: u32,
  xOffset: u32, xReplica: u32, dyOffset: u32, dyReplica: u32,
  momentsOffset: u32, momentsReplica: u32, normsOffset: u32, normsReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> moments: array<f32>;
@group(0) @binding(4) var<storage, read_write> norms: array<f32>;

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

  var first: array<array<array<array<f32, KW>, TILE_R>, 4>, TILE_Q>;
  var shifted: array<array<array<array<f32, KW>, TILE_R>, 4>, TILE_Q>;
  var squares: array<array<array<array<f32, KW>, TILE_R>, 4>, TILE_Q>;
  var sum: array<array<array<array<f32, KW>, TILE_R>, 4>, TILE_Q>;
  var xs: array<array<f32, SPAN>, TILE_R>;
  var mineOf: array<f32, CHUNK>;
  var ds: array<f32, CHUNK>;
  let units = params.images / params.unitSize;
  let begin = min(part * params.unitsPerBlock, units);
  let end = min(begin + params.unitsPerBlock, units);
  let steps = params.unitSize * params.outHeight * ((params.outWidth + CHUNK - 1u) / CHUNK);
  for (var unit = begin; unit < end; unit++) {
    var g: array<array<array<array<f32, KW>, TILE_R>, 4>, TILE_Q>;
    // unroll
    for (var q = 0u; q < TILE_Q; q++) {
      // unroll
      for (var t = 0u; t < 4u; t++) {
        // unroll
        for (var u = 0u; u < TILE_R; u++) {
          // unroll
          for (var j = 0u; j < KW; j++) { g[q][t][u][j] = 0.0; }
        }
      }
    }
    var n = unit * params.unitSize;
    var p = 0u;
    var q0 = 0u;
    for (var step = 0u; step < steps; step++) {
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
              g[q][t][u][j] += products;
              if (GRADIENT) { sum[q][t][u][j] += products; }
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

    var total = 0.0;
    // unroll
    for (var q = 0u; q < TILE_Q; q++) {
      let above = 4u * q;
      // unroll
      for (var t = 0u; t < 4u; t++) {
        // unroll
        for (var u = 0u; u < TILE_R; u++) {
          var normSq = 0.0;
          // unroll
          for (var j = 0u; j < KW; j++) {
            let value = g[q][t][u][j];
            normSq += value * value;
          }
          total += select(0.0, normSq, o0 + above + t < params.outChannels && row0 + 4u * u < rows);
        }
      }
    }
    // The first unit differs from itself by nothing.
    if (MOMENTS && unit == begin) {
      // unroll
      for (var q = 0u; q < TILE_Q; q++) {
        // unroll
        for (var t = 0u; t < 4u; t++) { first[q][t] = g[q][t]; }
      }
    } else if (MOMENTS) {
      // unroll
      for (var q = 0u; q < TILE_Q; q++) {
        // unroll
        for (var t = 0u; t < 4u; t++) {
          // unroll
          for (var u = 0u; u < TILE_R; u++) {
            // unroll
            for (var j = 0u; j < KW; j++) {
              let e = g[q][t][u][j] - first[q][t][u][j];
              shifted[q][t][u][j] += e;
              squares[q][t][u][j] += e * e;
            }
          }
        }
      }
    }
    if (NORMS) {
      total += quadSwapX(total);
      total += quadSwapY(total);
      if (lane == 0u && tile < tiles) {
        norms[params.normsOffset + r * params.normsReplica + unit * tiles + tile] = total;
      }
    }
  }
  if (!(MOMENTS || GRADIENT) || part >= params.blocks) { return; }

  // That the arrays of the moments are indexed by a variable here keeps them out of the copies that SwiftShader makes at
  // each turn of the loop over positions. The sum, which each turn adds to, goes through an array that stays rolled.
  var out: array<array<array<array<f32, KW>, TILE_R>, 4>, TILE_Q>;
  // unroll
  for (var q = 0u; q < TILE_Q; q++) {
    // unroll
    for (var t = 0u; t < 4u; t++) { out[q][t] = sum[q][t]; }
  }
  let elements = params.outChannels * rows * KW;
  let to = params.momentsOffset + r * params.momentsReplica + part * select(2u, 1u, GRADIENT) * elements;
  let count = f32(end - begin);
  for (var o = 0u; o < 4u * TILE_Q; o++) {
    if (o0 + o >= params.outChannels) { break; }
    for (var u = 0u; u < TILE_R; u++) {
      let row = row0 + 4u * u;
      if (row >= rows) { break; }
      for (var j = 0u; j < KW; j++) {
        let at = to + ((o0 + o) * rows + row) * KW + j;
        if (GRADIENT) {
          moments[at] = out[o / 4u][o % 4u][u][j];
          continue;
        }
        let e = shifted[o / 4u][o % 4u][u][j];
        moments[at] = first[o / 4u][o % 4u][u][j] + e / count;
        moments[at + elements] = squares[o / 4u][o % 4u][u][j] - e * (e / count);
      }
    }
  }
}
