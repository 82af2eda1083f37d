// sgd: one step of stochastic gradient descent as torch.optim.SGD takes it.
//   d = g + weightDecay·θ;  v ← d on the first step, else momentum·v + (1 − dampening)·d;
//   d ← d + momentum·v (Nesterov) or v (momentum ≠ 0);  θ ← θ − rate·d.
// Layout: theta, velocity and gradient [elements] flat, in vec4; rates [steps]; hyper [4] = momentum, dampening,
//   weight decay, Nesterov (0 or 1); counters [step, …]: the rate is rates[step], NaN past the last, and step 0 is the first.
// Params: perThread vectors are updated by one invocation; no knob, since lavapipe writes out a loop whose length
//   it knows, and compiles this one for 1.9 s then (2-core machine, Mesa 25, 2026-11-25).
//   Two loops in place of a branch in one: SwiftShader executes a branch that is not taken, a third of the whole, and leaves a loop.
// Order: no sums.
// Cost: 8 flops and 20 bytes a parameter, 12 bytes without momentum.

import package::shared::floats::nan;

struct Params {
  vectors: u32, perThread: u32, steps: u32,
  thetaOffset: u32, thetaReplica: u32, velocityOffset: u32, velocityReplica: u32, gradientOffset: u32, gradientReplica: u32,
  ratesOffset: u32, ratesReplica: u32, hyperOffset: u32, hyperReplica: u32, countersOffset: u32, countersReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> theta: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> velocity: array<vec4f>;
@group(0) @binding(3) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(4) var<storage, read> rates: array<f32>;
@group(0) @binding(5) var<storage, read> hyper: array<f32>;
@group(0) @binding(6) var<storage, read> counters: array<u32>;

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
  let momentum = hyper[h];
  let fresh = 1.0 - hyper[h + 1u];
  let weightDecay = hyper[h + 2u];
  let nesterov = hyper[h + 3u] != 0.0;
  let thetaBase = (params.thetaOffset + r * params.thetaReplica) / 4u;
  let velocityBase = (params.velocityOffset + r * params.velocityReplica) / 4u;
  let gradientBase = (params.gradientOffset + r * params.gradientReplica) / 4u;
  let first = (group.x + group.y * groups.x) * 64u * params.perThread + lane;
  let end = min(params.vectors, first + 64u * params.perThread);
  let plainEnd = select(first, end, momentum == 0.0);
  for (var i = first; i < plainEnd; i += 64u) {
    let value = theta[thetaBase + i];
    let d = gradient[gradientBase + i] + weightDecay * value;
    theta[thetaBase + i] = value - rate * d;
  }
  let momentumEnd = select(end, first, momentum == 0.0);
  for (var i = first; i < momentumEnd; i += 64u) {
    let value = theta[thetaBase + i];
    let d = gradient[gradientBase + i] + weightDecay * value;
    let v = select(d, momentum * velocity[velocityBase + i] + fresh * d, step > 0u);
    velocity[velocityBase + i] = v;
    theta[thetaBase + i] = value - rate * select(v, d + momentum * v, nesterov);
  }
}
