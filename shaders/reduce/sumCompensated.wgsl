// sumCompensated: y = Σ x[r], with the rounding error of every addition carried along (Knuth's TwoSum), so that the
//   result is that of a sum in about twice float32's precision, rounded. An infinity or a NaN makes the sum NaN.
// Layout: x [reduced]; y and lost [chunks]: an invocation sums one chunk of r, and further dispatches the chunks.
// Knobs: PARTIAL adds `carried` [reduced], what the sums x lost before; LAST adds `lost` to y instead of writing it.
//   INTERLEAVED: chunk c is every chunks-th r from c on, which neighbouring invocations of a GPU load together; else
//   consecutive r.
// Order: r ascending, one after the other. Intermediate results pass through an integer XOR with `zero`, which is 0 when
//   the kernel runs and which no compiler can know: WGSL lets it simplify a plain TwoSum away.
// Cost: 7 flops and 4 bytes an element.

// knobs
const PARTIAL: bool = false;
const LAST: bool = false;
const INTERLEAVED: bool = false;
// end knobs

struct Params {
  reduced: u32, chunk: u32, chunks: u32, zero: u32,
  xOffset: u32, xReplica: u32, carriedOffset: u32, carriedReplica: u32, yOffset: u32, yReplica: u32,
  lostOffset: u32, lostReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> carried: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> lost: array<f32>;

fn held(value: f32) -> f32 { return bitcast<f32>(bitcast<u32>(value) ^ params.zero); }

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let c = (group.x + group.y * groups.x) * 64u + lane;
  if (c >= params.chunks) { return; }
  let first = select(c * params.chunk, c, INTERLEAVED);
  let last = select(min(first + params.chunk, params.reduced), params.reduced, INTERLEAVED);
  let by = select(1u, params.chunks, INTERLEAVED);
  let xBase = params.xOffset + group.z * params.xReplica;
  let carriedBase = params.carriedOffset + group.z * params.carriedReplica;
  var sum = 0.0;
  var error = 0.0;
  for (var r = first; r < last; r += by) {
    let value = x[xBase + r];
    let next = held(sum + value);
    let taken = held(next - sum);
    error += held(sum - held(next - taken)) + held(value - taken);
    if (PARTIAL) { error += carried[carriedBase + r]; }
    sum = next;
  }
  if (LAST) {
    y[params.yOffset + group.z * params.yReplica] = sum + error;
  } else {
    y[params.yOffset + group.z * params.yReplica + c] = sum;
    lost[params.lostOffset + group.z * params.lostReplica + c] = error;
  }
}
