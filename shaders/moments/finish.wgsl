// finish: mean and centred squares over all examples from those of blocks of examples (Chan, Golub, LeVeque 1983). With
//   m_b the mean of block b of n_b examples, m_0 that of the first, and d_b = m_b − m_0,
//   gradient = Σ n_b·m_b / B and variance = Σ (V_b + n_b·d_b²) − (Σ n_b·d_b)² / B. Every term of the variance is of the
//   size of the noise; rounding can make it negative only as `dense` says.
// Layout: moments [blocks, 2, elements]: m_b, then V_b, of each block of unitsPerBlock examples, of which the last may
//   have fewer; gradient and variance [elements].
// Order: blocks ascending, one accumulator a sum.
// Cost: 9 flops and 8 bytes a block and coordinate.

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
    let at = base + b * 2u * params.elements;
    let n = f32(min(params.unitsPerBlock, params.units - b * params.unitsPerBlock));
    let mean = moments[at];
    let d = mean - shift;
    sum += n * mean;
    shifted += n * d;
    squares += moments[at + params.elements] + n * d * d;
  }
  let count = f32(params.units);
  gradient[params.gradientOffset + group.z * params.gradientReplica + i] = sum / count;
  variance[params.varianceOffset + group.z * params.varianceReplica + i] = squares - shifted * (shifted / count);
}
