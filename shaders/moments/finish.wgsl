// finish: mean and centred squares from sums over blocks of examples, each shifted by its own first. With s the first of
//   block 0 and d = g_first − s, a block of n examples has Σ (g − s) = Σ e + n·d and Σ (g − s)² = Σ e² + d·(2 Σ e + n·d);
//   with Σ g = n·g_first + Σ e, gradient = (Σ g) / B and variance = Σ (g − s)² − (Σ (g − s))² / B. Every term of the
//   variance is of the size of the noise. As s itself is one of the examples, variance ≥ Σ (g − s)² / B before rounding,
//   which can make it negative only as `dense` says.
// Layout: moments [blocks, 3, elements]: g_first, Σ e, Σ e² of each block of unitsPerBlock examples, of which the
//   last may have fewer; gradient and variance [elements].
// Order: blocks ascending, one accumulator a sum.
// Cost: 11 flops and 12 bytes a block and coordinate.

struct Params {
  elements: u32, blocks: u32, units: u32, unitsPerBlock: u32, momentsOffset: u32, momentsReplica: u32,
  gradientOffset: u32, gradientReplica: u32, varianceOffset: u32, varianceReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> moments: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> variance: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * 64u + lane;
  if (i >= params.elements) { return; }
  let base = params.momentsOffset + group.z * params.momentsReplica + i;
  let shift = moments[base];
  var sum = 0.0;
  var shifted = 0.0;
  var squares = 0.0;
  for (var b = 0u; b < params.blocks; b++) {
    let at = base + b * 3u * params.elements;
    let n = f32(min(params.unitsPerBlock, params.units - b * params.unitsPerBlock));
    let first = moments[at];
    let d = first - shift;
    let e = moments[at + params.elements];
    sum += n * first + e;
    shifted += e + n * d;
    squares += moments[at + 2u * params.elements] + d * (2.0 * e + n * d);
  }
  let count = f32(params.units);
  gradient[params.gradientOffset + group.z * params.gradientReplica + i] = sum / count;
  variance[params.varianceOffset + group.z * params.varianceReplica + i] = squares - shifted * (shifted / count);
}
