// conv2d: counts of the elements of the per-example gradients of a convolution's weight, g[u, o, k] = Σ dy[n, o, p, q]·
//   patch[n, p, q, k] over the positions (p, q) of the images n of unit u (one example), by their value, or by the value of the
//   parameter w[o, k] and theirs, added to those that are there. Each is formed in registers: nothing of size batch ×
//   parameters. Patches are zero outside the image, so a dy that is no finite number makes all of its taps so.
// Layout: x [N, C, H, W]; dy [N, O, H', W'], N = units·unitSize; w [O, C·kh·kw]; counts [rows, bins], then one more for what is no finite number.
//   A bin is [low + i·width, low + (i + 1)·width); what lies outside the range counts in the first or last. An invocation has
//   one tile of the weight and the units of a block, replica r is workgroup_id.z.
// Knobs: TILE_O output channels x TILE_K taps (c, i, j) an invocation, taps ceil(C·kh·kw / TILE_K) apart. PARAMETERS: rows are
//   bins of the parameter, else there is one row.
// Order: one accumulator an element; n, p, q ascending. Counts are integers, so none matters: bins of the workgroup's own, added
//   to the others' at its end. rows·bins ≤ 2048.
// Cost: 2·unitSize·H'·W' + 2 flops an element; 2049 additions a workgroup.

// knobs
const TILE_O: u32 = 4u;
const TILE_K: u32 = 4u;
const PARAMETERS: bool = false;
// end knobs

const MOST: u32 = 2049u;

struct Params {
  images: u32, channels: u32, height: u32, width: u32, outChannels: u32, outHeight: u32, outWidth: u32,
  kernelHeight: u32, kernelWidth: u32, strideHeight: u32, strideWidth: u32, padHeight: u32, padWidth: u32,
  unitSize: u32, unitsPerBlock: u32, rows: u32, bins: u32, low: f32, perWidth: f32, rowLow: f32, rowPerWidth: f32,
  xOffset: u32, xReplica: u32, dyOffset: u32, dyReplica: u32, wOffset: u32, wReplica: u32,
  countsOffset: u32, countsReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> w: array<f32>;
@group(0) @binding(4) var<storage, read_write> counts: array<atomic<u32>>;

var<workgroup> own: array<atomic<u32>, MOST>;

fn place(value: f32, low: f32, perWidth: f32, bins: u32) -> u32 {
  return u32(clamp((value - low) * perWidth, 0.0, f32(bins - 1u)));
}

// By its bits: a compiler may take for granted that there are no others.
fn isFinite(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let r = group.z;
  let window = params.kernelHeight * params.kernelWidth;
  let taps = params.channels * window;
  let across = (taps + TILE_K - 1u) / TILE_K;
  let tiles = across * ((params.outChannels + TILE_O - 1u) / TILE_O);
  let index = (group.x + group.y * groups.x) * 64u + lane;
  let k0 = index % tiles % across;
  let o0 = index % tiles / across * TILE_O;
  let image = params.height * params.width;
  let plane = params.outHeight * params.outWidth;
  let total = params.rows * params.bins;

  var dyAt: array<u32, TILE_O>;
  var xAt: array<u32, TILE_K>;
  var top: array<u32, TILE_K>;
  var left: array<u32, TILE_K>;
  var gradient: array<array<f32, TILE_K>, TILE_O>;
  var rowOf: array<array<u32, TILE_K>, TILE_O>;
  var xk: array<f32, TILE_K>;
  var rowAt: array<u32, TILE_K>;
  var rowWidth: array<u32, TILE_K>;
  // Rows and columns before the image wrap around to large numbers, which are outside it too.
  // unroll
  for (var o = 0u; o < TILE_O; o++) {
    dyAt[o] = params.dyOffset + r * params.dyReplica + min(o0 + o, params.outChannels - 1u) * plane;
  }
  // unroll
  for (var t = 0u; t < TILE_K; t++) {
    let k = min(k0 + t * across, taps - 1u);
    xAt[t] = params.xOffset + r * params.xReplica + k / window * image;
    top[t] = k % window / params.kernelWidth - params.padHeight;
    left[t] = k % params.kernelWidth - params.padWidth;
  }
  // Where the bins of a parameter's row begin: at `total`, which is none, for one that is no finite number.
  if (PARAMETERS) {
    for (var o = 0u; o < TILE_O; o++) {
      for (var t = 0u; t < TILE_K; t++) {
        let at = min(o0 + o, params.outChannels - 1u) * taps + min(k0 + t * across, taps - 1u);
        let value = w[params.wOffset + r * params.wReplica + at];
        rowOf[o][t] = total;
        if (isFinite(value)) {
          rowOf[o][t] = place(value, params.rowLow, params.rowPerWidth, params.rows) * params.bins;
        }
      }
    }
  }

  // An invocation past the last block has no units.
  let units = params.images / params.unitSize;
  let begin = min(index / tiles * params.unitsPerBlock, units);
  let end = min(begin + params.unitsPerBlock, units);
  for (var unit = begin; unit < end; unit++) {
    // unroll
    for (var o = 0u; o < TILE_O; o++) {
      // unroll
      for (var t = 0u; t < TILE_K; t++) { gradient[o][t] = 0.0; }
    }
    for (var n = unit * params.unitSize; n < (unit + 1u) * params.unitSize; n++) {
      for (var p = 0u; p < params.outHeight; p++) {
        // unroll
        for (var t = 0u; t < TILE_K; t++) {
          let y = p * params.strideHeight + top[t];
          rowWidth[t] = select(0u, params.width, y < params.height);
          rowAt[t] = xAt[t] + n * params.channels * image + select(0u, y, y < params.height) * params.width;
        }
        let dyRow = n * params.outChannels * plane + p * params.outWidth;
        for (var q = 0u; q < params.outWidth; q++) {
          // unroll
          for (var t = 0u; t < TILE_K; t++) {
            let column = q * params.strideWidth + left[t];
            let inside = column < rowWidth[t];
            xk[t] = select(0.0, x[rowAt[t] + select(0u, column, inside)], inside);
          }
          // unroll
          for (var o = 0u; o < TILE_O; o++) {
            let d = dy[dyAt[o] + dyRow + q];
            // unroll
            for (var t = 0u; t < TILE_K; t++) { gradient[o][t] += d * xk[t]; }
          }
        }
      }
    }
    // From here on through an array that stays rolled: once an example, not worth the code of every output.
    var g: array<array<f32, TILE_K>, TILE_O>;
    // unroll
    for (var o = 0u; o < TILE_O; o++) { g[o] = gradient[o]; }
    for (var o = 0u; o < TILE_O; o++) {
      for (var t = 0u; t < TILE_K; t++) {
        if (o0 + o < params.outChannels && k0 + t * across < taps) {
          var bin = total;
          if (rowOf[o][t] < total && isFinite(g[o][t])) {
            bin = rowOf[o][t] + place(g[o][t], params.low, params.perWidth, params.bins);
          }
          atomicAdd(&own[bin], 1u);
        }
      }
    }
  }
  workgroupBarrier();
  let base = params.countsOffset + r * params.countsReplica;
  for (var i = lane; i <= total; i += 64u) {
    let count = atomicLoad(&own[i]);
    if (count > 0u) { atomicAdd(&counts[base + i], count); }
  }
}
