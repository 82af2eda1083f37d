// adam: one step t = step + 1 of Adam or AdamW as torch.optim takes it.
//   Adam: d = g + weightDecay·θ. AdamW (DECOUPLED): d = g, and θ is first made smaller by rate·weightDecay·θ.
//   m ← β₁m + (1 − β₁)d;  v ← β₂v + (1 − β₂)d²;  AMSGRAD: w ← max(w, v), else w = v;
//   θ ← θ − rate/(1 − β₁ᵗ)·m/(√w/√(1 − β₂ᵗ) + ε).
// Layout: theta, expAvg m, expAvgSq v, maxExpAvgSq w (AMSGRAD alone) and gradient [elements] flat, in vec4; rates [steps];
//   hyper [8] = β₁, 1 − β₁, ln β₁, β₂, 1 − β₂, ln β₂, ε, weight decay; counters [step, …]: the rate is rates[step], NaN past the last.
// Params: perThread vectors are updated by one invocation, as in sgd.
// Knobs: DECOUPLED chooses AdamW, AMSGRAD divides by the largest second moment so far.
// Order: no sums.
// Cost: 15 flops and 28 bytes a parameter, 36 bytes with AMSGRAD.

import package::shared::floats::nan;

// knobs
const DECOUPLED: bool = false;
const AMSGRAD: bool = false;
// end knobs

struct Params {
  vectors: u32, perThread: u32, steps: u32,
  thetaOffset: u32, thetaReplica: u32, expAvgOffset: u32, expAvgReplica: u32, expAvgSqOffset: u32, expAvgSqReplica: u32,
  maxExpAvgSqOffset: u32, maxExpAvgSqReplica: u32, gradientOffset: u32, gradientReplica: u32,
  ratesOffset: u32, ratesReplica: u32, hyperOffset: u32, hyperReplica: u32, countersOffset: u32, countersReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> theta: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> expAvg: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> expAvgSq: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> maxExpAvgSq: array<vec4f>;
@group(0) @binding(5) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(6) var<storage, read> rates: array<f32>;
@group(0) @binding(7) var<storage, read> hyper: array<f32>;
@group(0) @binding(8) var<storage, read> counters: array<u32>;

// 1 − βᵗ from ln β, to a few roundings for every t: 1 − β is as small as 1e-6 where 1 − exp(ln β) has lost half its digits, and βᵗ
// by multiplication would gather an error at every step. Below ½ by the series of 1 − eˣ = −x(1 + x/2(1 + x/3(…))), whose ninth
// term is 5e-9 of the first there.
fn correction(logBeta: f32, t: f32) -> f32 {
  let x = t * logBeta;
  if (x < -0.5) { return 1.0 - exp(x); }
  var sum = 1.0;
  for (var k = 9.0; k > 1.0; k -= 1.0) { sum = 1.0 + sum * x / k; }
  return -x * sum;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let r = group.z;
  let step = counters[params.countersOffset + r * params.countersReplica];
  let given = rates[params.ratesOffset + r * params.ratesReplica + min(step, params.steps - 1u)];
  let rate = select(nan(params.vectors), given, step < params.steps);
  let h = params.hyperOffset + r * params.hyperReplica;
  let t = f32(step + 1u);
  let stepSize = rate / correction(hyper[h + 2u], t);
  let root = sqrt(correction(hyper[h + 5u], t));
  let weightDecay = hyper[h + 7u];
  let thetaBase = (params.thetaOffset + r * params.thetaReplica) / 4u;
  let firstBase = (params.expAvgOffset + r * params.expAvgReplica) / 4u;
  let secondBase = (params.expAvgSqOffset + r * params.expAvgSqReplica) / 4u;
  let maxBase = (params.maxExpAvgSqOffset + r * params.maxExpAvgSqReplica) / 4u;
  let gradientBase = (params.gradientOffset + r * params.gradientReplica) / 4u;
  let first = (group.x + group.y * groups.x) * 64u * params.perThread + lane;
  let end = min(params.vectors, first + 64u * params.perThread);
  for (var i = first; i < end; i += 64u) {
    var value = theta[thetaBase + i];
    var d = gradient[gradientBase + i];
    if (DECOUPLED) { value -= rate * weightDecay * value; } else { d += weightDecay * value; }
    let m = hyper[h] * expAvg[firstBase + i] + hyper[h + 1u] * d;
    let v = hyper[h + 3u] * expAvgSq[secondBase + i] + hyper[h + 4u] * d * d;
    expAvg[firstBase + i] = m;
    expAvgSq[secondBase + i] = v;
    var w = v;
    if (AMSGRAD) {
      w = max(v, maxExpAvgSq[maxBase + i]);
      maxExpAvgSq[maxBase + i] = w;
    }
    theta[thetaBase + i] = value - stepSize * m / (sqrt(w) / root + hyper[h + 6u]);
  }
}
