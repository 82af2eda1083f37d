// dense: mean weight gradient and centred second moment of the per-example weight gradients of a linear
//   layer. p_b = d[b, l] x[b, k];  gradient[l, k] = (1/B) sum_b p_b;  variance[l, k] = sum_b (p_b - mean)^2.
//   The second is sum e^2 - (sum e)^2 / B with e_b = p_b - p_0: small variances survive a large mean, and
//   equal examples give exactly 0. As e_0 = 0 is one of the terms, variance >= (sum e^2) / B, so rounding (at
//   most 3 B u of sum e^2, u = 2^-24) cannot make it negative for B <= 2048; for larger B only if most
//   examples equal each other but not the first. Products are summed unshifted for the mean, which would lose
//   digits as p_0 + (sum e) / B.
// Layout: x [B, K], d [B, L] row-major; gradient and variance are flat buffers: the weight's [L, K] at
//   gradientOffset and varianceOffset, the bias's [L] (x = 1) at biasGradientOffset and biasVarianceOffset.
//   Replica r is workgroup_id.z.
// Knobs: TILE_L x TILE_K outputs an invocation, columns ceil(K / TILE_K) apart. BIAS: also the bias, by
//   ceil(L / 64) workgroups after the tiles' own. GUARD: pass each product through an integer operation, so
//   that no compiler can fuse it with the subtraction of p_0 (equal examples would then leave the rounding
//   error of p_0).
// Order: one accumulator an output and sum, examples ascending.
// Cost: 6 B flops and (1 / TILE_L + 1 / TILE_K) 4 B bytes an output, before caches.

// knobs
const TILE_L: u32 = 4u;
const TILE_K: u32 = 4u;
const BIAS: bool = true;
const GUARD: bool = true;
// end knobs

struct Params {
  batch: u32, inputs: u32, outputs: u32, zero: u32, xOffset: u32, xReplica: u32, dOffset: u32, dReplica: u32,
  gradientOffset: u32, gradientReplica: u32, varianceOffset: u32, varianceReplica: u32,
  biasGradientOffset: u32, biasVarianceOffset: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> d: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> variance: array<f32>;

fn rounded(product: f32) -> f32 {
  if (GUARD) { return bitcast<f32>(bitcast<u32>(product) ^ params.zero); }
  return product;
}

@compute @workgroup_size(64) fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let r = group.z;
  let across = (params.inputs + TILE_K - 1u) / TILE_K;
  let tiles = across * ((params.outputs + TILE_L - 1u) / TILE_L);
  let tileGroups = (tiles + 63u) / 64u;
  let index = group.x + group.y * groups.x;
  let xBase = params.xOffset + r * params.xReplica;
  let dBase = params.dOffset + r * params.dReplica;
  let count = f32(params.batch);

  if (BIAS && index >= tileGroups) {
    let l = (index - tileGroups) * 64u + local;
    if (l >= params.outputs) { return; }
    let first = d[dBase + l];
    var sum = 0.0;
    var shifted = 0.0;
    var squares = 0.0;
    for (var n = 0u; n < params.batch; n++) {
      let p = d[dBase + n * params.outputs + l];
      let e = p - first;
      sum += p;
      shifted += e;
      squares += e * e;
    }
    gradient[params.biasGradientOffset + r * params.gradientReplica + l] = sum / count;
    variance[params.biasVarianceOffset + r * params.varianceReplica + l] = squares - shifted * (shifted / count);
    return;
  }

  let tile = index * 64u + local;
  if (tile >= tiles) { return; }
  let l0 = tile / across * TILE_L;
  let k0 = tile % across;
  var dAt: array<u32, TILE_L>;
  var xAt: array<u32, TILE_K>;
  var xn: array<f32, TILE_K>;
  var first: array<array<f32, TILE_K>, TILE_L>;
  var sum: array<array<f32, TILE_K>, TILE_L>;
  var shifted: array<array<f32, TILE_K>, TILE_L>;
  var squares: array<array<f32, TILE_K>, TILE_L>;
  // unroll
  for (var j = 0u; j < TILE_K; j++) { xAt[j] = xBase + min(k0 + j * across, params.inputs - 1u); xn[j] = x[xAt[j]]; }
  // unroll
  for (var i = 0u; i < TILE_L; i++) {
    dAt[i] = dBase + min(l0 + i, params.outputs - 1u);
    let dn = d[dAt[i]];
    // unroll
    for (var j = 0u; j < TILE_K; j++) { first[i][j] = rounded(dn * xn[j]); }
  }

  for (var n = 0u; n < params.batch; n++) {
    let xRow = n * params.inputs;
    let dRow = n * params.outputs;
    // unroll
    for (var j = 0u; j < TILE_K; j++) { xn[j] = x[xAt[j] + xRow]; }
    // unroll
    for (var i = 0u; i < TILE_L; i++) {
      let dn = d[dAt[i] + dRow];
      // unroll
      for (var j = 0u; j < TILE_K; j++) {
        let p = rounded(dn * xn[j]);
        let e = p - first[i][j];
        sum[i][j] += p;
        shifted[i][j] += e;
        squares[i][j] += e * e;
      }
    }
  }

  // Through arrays that stay rolled: the end is compiled once, not once an output.
  var means: array<array<f32, TILE_K>, TILE_L>;
  var moments: array<array<f32, TILE_K>, TILE_L>;
  // unroll
  for (var i = 0u; i < TILE_L; i++) {
    means[i] = sum[i];
    // unroll
    for (var j = 0u; j < TILE_K; j++) { moments[i][j] = squares[i][j] - shifted[i][j] * (shifted[i][j] / count); }
  }
  for (var i = 0u; i < TILE_L; i++) {
    let l = l0 + i;
    if (l >= params.outputs) { break; }
    for (var j = 0u; j < TILE_K; j++) {
      let k = k0 + j * across;
      if (k < params.inputs) {
        gradient[params.gradientOffset + r * params.gradientReplica + l * params.inputs + k] = means[i][j] / count;
        variance[params.varianceOffset + r * params.varianceReplica + l * params.inputs + k] = moments[i][j];
      }
    }
  }
}
