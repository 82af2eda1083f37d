// compensatedSum: y[0] = Σ x[i], one after the other with the rounding errors carried along (Knuth's TwoSum), to find
//   out whether this device's compiler leaves the compensation alone: WGSL lets it reassociate sums.
// Layout: x [elements]; y [1].
// Knobs: METHOD 0 plain sum, 1 TwoSum as it is written, 2 TwoSum whose intermediate results pass through an integer XOR
//   with `zero`, which is 0 when the kernel runs and which no compiler can know.
// Order: elements ascending, one invocation.
// Cost: 1 flop an element, 7 with a compensation; 4 bytes an element.

// knobs
const METHOD: u32 = 2u;
// end knobs

struct Params { elements: u32, zero: u32, xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

fn held(value: f32) -> f32 {
  if (METHOD == 2u) { return bitcast<f32>(bitcast<u32>(value) ^ params.zero); }
  return value;
}

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u) {
  let base = params.xOffset + group.z * params.xReplica;
  var sum = 0.0;
  var lost = 0.0;
  for (var i = 0u; i < params.elements; i++) {
    let value = x[base + i];
    let next = held(sum + value);
    if (METHOD != 0u) {
      let taken = held(next - sum);
      lost += held(sum - held(next - taken)) + held(value - taken);
    }
    sum = next;
  }
  y[params.yOffset + group.z * params.yReplica] = sum + lost;
}
