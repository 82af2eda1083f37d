// denseNorms: squared norms of each example's gradient of a dense layer, never forming it (Goodfellow 2015):
//   weight's ‖x_n‖²·‖δ_n‖² and bias's ‖δ_n‖².
// Layout: squares [rows, chunks], partial sums of x²; delta [rows, outputs]; norms [rows] each, the bias's at
//   biasNormsOffset of the same buffer.
// Order: chunks and outputs ascending, one accumulator.
// Cost: 2 flops and 4 bytes an element of delta.

struct Params {
  rows: u32, chunks: u32, outputs: u32,
  squaresOffset: u32, squaresReplica: u32, deltaOffset: u32, deltaReplica: u32,
  normsOffset: u32, normsReplica: u32, biasNormsOffset: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> squares: array<f32>;
@group(0) @binding(2) var<storage, read> delta: array<f32>;
@group(0) @binding(3) var<storage, read_write> norms: array<f32>;

@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = (group.x + group.y * groups.x) * 16u + lane;
  if (n >= params.rows) { return; }
  let r = group.z;
  var x = 0.0;
  let s = params.squaresOffset + r * params.squaresReplica + n * params.chunks;
  for (var c = 0u; c < params.chunks; c++) { x += squares[s + c]; }
  var d = 0.0;
  let base = params.deltaOffset + r * params.deltaReplica + n * params.outputs;
  for (var l = 0u; l < params.outputs; l++) { let value = delta[base + l]; d += value * value; }
  norms[params.normsOffset + r * params.normsReplica + n] = x * d;
  norms[params.biasNormsOffset + r * params.normsReplica + n] = d;
}
