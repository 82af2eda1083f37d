// stepSubgroup: a whole training step of a perceptron, one workgroup, which is one subgroup, a replica: forward pass, loss,
//   backward pass and the update of SGD, torch.optim.SGD's (see training/sgd).
//   aₗ₊₁ = act(Wₗ aₗ + bₗ), none at the last layer; ℓₙ softmax cross-entropy of its outputs (LOSS 0), or lossScale·‖a − y‖² (LOSS 1);
//   δ = scale·(softmax − onehot), or scale·(a − y); dWₗ = δᵀ aₗ, dbₗ = Σₙ δₙ.
// Variants: stepSubgroup (vec4).
// Layout: x [BATCH, WIDTH_0]; targets [BATCH] classes, or [BATCH, outputs] floats; losses [BATCH]; theta and velocity flat, Wₗ
//   [outputs, inputs] at weightₗ and bₗ at biasₗ; rates [steps]; hyper [4] and counters [3] as training/sgd has them.
// Knobs: LANES, the subgroup's size, nothing else: lanes lie along the columns of W, whose rows are contiguous. BATCH examples, in FOURS
//   = ceil(BATCH / 4). LAYERS, at most 4, of WIDTH_0 inputs, WIDTH_1 outputs and so on; CHUNKS = ceil(WIDTH / LANES), 0 where there
//   is no layer; MOST of them are a hidden layer's at most. ACTIVATION of the hidden layers as shared/activation numbers them: RECTIFIED
//   1 where that is ReLU, SMOOTH 1 where it is another.
//   MOMENTUM false where no replica has any: v is neither read nor written.
// Each lane reads and writes its own elements of theta and velocity alone: no barrier, no gradient in memory. What is indexed by
//   constants alone lies in registers or on the stack; on SwiftShader a loop variable as index costs 30 ns a number instead of 1
//   or 2, hence the unrolled layers. A branch is computed there whether it is taken or not. An array that is declared in a
//   loop is not zero again at each turn there, whatever WGSL says (Chromium 156, 2026-11-27): it is set by hand.
// A label past the classes makes its loss and its gradient NaN, and so do logits as in loss/softmaxCrossEntropy.
// Order: along a row: chunks ascending in each lane, the lanes by subgroupAdd, the bias last. Over examples: fours ascending, in
//   each as `dot` has it, for a bias (0 + 1) + (2 + 3).
// Cost: 6 flops a weight and example, 4 of the first layer's; 12 bytes a weight, 20 with momentum.

import package::shared::activation::activated;
import package::shared::floats::{isNan, nan};

enable subgroups;

// knobs
const LANES: u32 = 4u;
const BATCH: u32 = 8u;
const FOURS: u32 = 2u;
const LAYERS: u32 = 2u;
const WIDTH_0: u32 = 20u;
const WIDTH_1: u32 = 32u;
const WIDTH_2: u32 = 10u;
const WIDTH_3: u32 = 0u;
const WIDTH_4: u32 = 0u;
const CHUNKS_0: u32 = 5u;
const CHUNKS_1: u32 = 8u;
const CHUNKS_2: u32 = 3u;
const CHUNKS_3: u32 = 0u;
const CHUNKS_4: u32 = 0u;
const MOST: u32 = 8u;
const ACTIVATION: u32 = 1u;
const RECTIFIED: u32 = 1u;
const SMOOTH: u32 = 0u;
const LOSS: u32 = 0u;
const MOMENTUM: bool = true;
// end knobs

const WIDTHS = array<u32, 5>(WIDTH_0, WIDTH_1, WIDTH_2, WIDTH_3, WIDTH_4);
const CHUNKS = array<u32, 5>(CHUNKS_0, CHUNKS_1, CHUNKS_2, CHUNKS_3, CHUNKS_4);
// Where in `kept` begins what a layer is given, in chunks.
const AT_2: u32 = CHUNKS_0 + CHUNKS_1;
const AT_3: u32 = AT_2 + CHUNKS_2;
const AT_4: u32 = AT_3 + CHUNKS_3;
const AT = array<u32, 5>(0u, CHUNKS_0, AT_2, AT_3, AT_4);

struct Params {
  weight0: u32, weight1: u32, weight2: u32, weight3: u32, bias0: u32, bias1: u32, bias2: u32, bias3: u32,
  scale: f32, lossScale: f32, steps: u32,
  xOffset: u32, xReplica: u32, targetsOffset: u32, targetsReplica: u32, lossesOffset: u32, lossesReplica: u32,
  thetaOffset: u32, thetaReplica: u32, velocityOffset: u32, velocityReplica: u32,
  ratesOffset: u32, ratesReplica: u32, hyperOffset: u32, hyperReplica: u32, countersOffset: u32, countersReplica: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(4) var<storage, read_write> theta: array<f32>;
@group(0) @binding(5) var<storage, read_write> velocity: array<f32>;
@group(0) @binding(6) var<storage, read> rates: array<f32>;
@group(0) @binding(7) var<storage, read> hyper: array<f32>;
@group(0) @binding(8) var<storage, read> counters: array<u32>;

// What a replica's update takes: hyper's four, the rate, whether it is the first step, and where theta and velocity begin.
struct Rule {
  momentum: f32, kept: f32, weightDecay: f32, nesterov: bool,
  rate: f32, first: bool, theta: u32, velocity: u32,
}

fn ruleOf(r: u32) -> Rule {
  let step = counters[params.countersOffset + r * params.countersReplica];
  let given = rates[params.ratesOffset + r * params.ratesReplica + min(step, params.steps - 1u)];
  let h = params.hyperOffset + r * params.hyperReplica;
  return Rule(
    hyper[h], 1.0 - hyper[h + 1u], hyper[h + 2u], hyper[h + 3u] != 0.0,
    select(nan(params.steps), given, step < params.steps), step == 0u,
    params.thetaOffset + r * params.thetaReplica, params.velocityOffset + r * params.velocityReplica,
  );
}

// θ after the step, and v.
fn updated(rule: Rule, value: f32, old: f32, gradient: f32) -> vec2f {
  var d = gradient + rule.weightDecay * value;
  var v = old;
  if (MOMENTUM) {
    let next = select(rule.momentum * old + rule.kept * d, d, rule.first);
    let has = rule.momentum != 0.0;
    d = select(d, select(next, d + rule.momentum * next, rule.nesterov), has);
    v = select(old, next, has);
  }
  return vec2f(value - rule.rate * d, v);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let r = group.z;
  let rule = ruleOf(r);
  let weights = array<u32, 4>(params.weight0, params.weight1, params.weight2, params.weight3);
  let biases = array<u32, 4>(params.bias0, params.bias1, params.bias2, params.bias3);
  // What each layer is given, then its gradient: four examples each, by chunk, then by four.
  var kept: array<vec4f, FOURS * (AT_4 + CHUNKS_4)>;
  // The gradient of that, of one layer.
  var back: array<vec4f, FOURS * MOST>;
  var sums: array<vec4f, FOURS>;
  var ends: array<vec4f, FOURS>;
  let ones = vec4u(0u, 1u, 2u, 3u);

  for (var f = 0u; f < FOURS; f++) {
    let four = 4u * f + ones;
    let start = params.xOffset + r * params.xReplica + min(four, vec4u(BATCH - 1u)) * WIDTH_0;
    for (var i = 0u; i < CHUNKS_0; i++) {
      let k = LANES * i + lane;
      let at = start + min(k, WIDTH_0 - 1u);
      let live = (vec4u(k) < vec4u(WIDTH_0)) & (four < vec4u(BATCH));
      kept[i * FOURS + f] = select(vec4f(), vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), live);
    }
  }

  // unroll
  for (var l = 0u; l < LAYERS; l++) {
    var at = rule.theta + weights[l] + lane;
    for (var q = 0u; q < CHUNKS[l + 1u]; q++) {
      // unroll
      for (var f = 0u; f < FOURS; f++) { ends[f] = vec4f(); }
      for (var t = 0u; t < min(LANES, WIDTHS[l + 1u] - LANES * q); t++) {
        // unroll
        for (var f = 0u; f < FOURS; f++) { sums[f] = vec4f(); }
        // unroll
        for (var i = 0u; i < CHUNKS[l]; i++) {
          var w = theta[at + LANES * i];
          if (LANES * i + LANES > WIDTHS[l]) { w = select(0.0, w, LANES * i + lane < WIDTHS[l]); }
          // unroll
          for (var f = 0u; f < FOURS; f++) { sums[f] += w * kept[(AT[l] + i) * FOURS + f]; }
        }
        // unroll
        for (var f = 0u; f < FOURS; f++) { ends[f] = select(ends[f], subgroupAdd(sums[f]), lane == t); }
        at += WIDTHS[l];
      }
      let j = LANES * q + lane;
      let bias = theta[rule.theta + biases[l] + min(j, WIDTHS[l + 1u] - 1u)];
      // unroll
      for (var f = 0u; f < FOURS; f++) {
        var value = ends[f] + bias;
        if (l + 1u < LAYERS) { value = activated(value, ACTIVATION); }
        kept[(AT[l + 1u] + q) * FOURS + f] = select(vec4f(), value, j < WIDTHS[l + 1u]);
      }
    }
  }

  for (var f = 0u; f < FOURS; f++) {
    let four = 4u * f + ones;
    let live = four < vec4u(BATCH);
    let n = min(four, vec4u(BATCH - 1u));
    var loss = vec4f();
    if (LOSS == 0u) {
      let start = params.targetsOffset + r * params.targetsReplica + n;
      let label = vec4u(targets[start.x], targets[start.y], targets[start.z], targets[start.w]);
      var top = vec4f(-3e38);
      var bad = vec4f();
      for (var q = 0u; q < CHUNKS[LAYERS]; q++) {
        let z = kept[(AT[LAYERS] + q) * FOURS + f];
        top = select(top, max(top, z), LANES * q + lane < WIDTHS[LAYERS]);
        bad = select(bad, vec4f(1.0), isNan(z));
      }
      top = subgroupMax(top);
      var total = vec4f();
      var own = vec4f();
      for (var q = 0u; q < CHUNKS[LAYERS]; q++) {
        let c = LANES * q + lane;
        let at = (AT[LAYERS] + q) * FOURS + f;
        let z = kept[at];
        let e = select(vec4f(), exp(z - top), c < WIDTHS[LAYERS]);
        own += select(vec4f(), z, vec4u(c) == label);
        total += e;
        kept[at] = e;
      }
      let infinite = (bitcast<vec4u>(top) & vec4u(0x7f800000u)) == vec4u(0x7f800000u);
      let isBad = (subgroupMax(bad) > vec4f()) | infinite | (label >= vec4u(WIDTHS[LAYERS]));
      total = select(subgroupAdd(total), vec4f(nan(params.steps)), isBad);
      loss = (top - subgroupAdd(own)) + select(log(total), total, isBad);
      for (var q = 0u; q < CHUNKS[LAYERS]; q++) {
        let c = LANES * q + lane;
        let at = (AT[LAYERS] + q) * FOURS + f;
        let p = kept[at] / total - select(vec4f(), vec4f(1.0), vec4u(c) == label);
        kept[at] = select(vec4f(), params.scale * p, live & vec4<bool>(c < WIDTHS[LAYERS]));
      }
    } else {
      let start = params.targetsOffset + r * params.targetsReplica + n * WIDTHS[LAYERS];
      for (var q = 0u; q < CHUNKS[LAYERS]; q++) {
        let c = LANES * q + lane;
        let place = start + min(c, WIDTHS[LAYERS] - 1u);
        let y = bitcast<vec4f>(vec4u(targets[place.x], targets[place.y], targets[place.z], targets[place.w]));
        let at = (AT[LAYERS] + q) * FOURS + f;
        let error = select(vec4f(), kept[at] - y, live & vec4<bool>(c < WIDTHS[LAYERS]));
        loss += error * error;
        kept[at] = params.scale * error;
      }
      loss = params.lossScale * subgroupAdd(loss);
    }
    for (var e = lane; e < min(4u, BATCH - 4u * f); e += LANES) {
      losses[params.lossesOffset + r * params.lossesReplica + 4u * f + e] = loss[e];
    }
  }

  // unroll
  for (var u = 0u; u < LAYERS; u++) {
    const l = LAYERS - 1u - u;
    // unroll
    for (var i = 0u; i < MOST; i++) {
      // unroll
      for (var f = 0u; f < FOURS; f++) { back[i * FOURS + f] = vec4f(); }
    }
    var at = weights[l] + lane;
    for (var q = 0u; q < CHUNKS[l + 1u]; q++) {
      let j = LANES * q + lane;
      var sum = vec4f();
      // unroll
      for (var f = 0u; f < FOURS; f++) {
        ends[f] = select(vec4f(), kept[(AT[l + 1u] + q) * FOURS + f], j < WIDTHS[l + 1u]);
        sum += ends[f];
      }
      if (j < WIDTHS[l + 1u]) {
        let place = biases[l] + j;
        var old = 0.0;
        if (MOMENTUM) { old = velocity[rule.velocity + place]; }
        let next = updated(rule, theta[rule.theta + place], old, (sum.x + sum.y) + (sum.z + sum.w));
        theta[rule.theta + place] = next.x;
        if (MOMENTUM) { velocity[rule.velocity + place] = next.y; }
      }
      for (var t = 0u; t < min(LANES, WIDTHS[l + 1u] - LANES * q); t++) {
        // unroll
        for (var f = 0u; f < FOURS; f++) { sums[f] = subgroupShuffle(ends[f], t); }
        // unroll
        for (var i = 0u; i < CHUNKS[LAYERS - 1u - u]; i++) {
          let place = at + LANES * i;
          let w = theta[rule.theta + place];
          var gradient = 0.0;
          // unroll
          for (var f = 0u; f < FOURS; f++) { gradient += dot(sums[f], kept[(AT[l] + i) * FOURS + f]); }
          if (l > 0u) {
            // unroll
            for (var f = 0u; f < FOURS; f++) { back[min(i, MOST - 1u) * FOURS + f] += sums[f] * w; }
          }
          var old = 0.0;
          if (MOMENTUM) { old = velocity[rule.velocity + place]; }
          let next = updated(rule, w, old, gradient);
          if (LANES * i + LANES <= WIDTHS[l] || LANES * i + lane < WIDTHS[l]) {
            theta[rule.theta + place] = next.x;
            if (MOMENTUM) { velocity[rule.velocity + place] = next.y; }
          }
        }
        at += WIDTHS[l];
      }
    }
    if (l > 0u) {
      // unroll
      for (var i = 0u; i < CHUNKS[LAYERS - 1u - u]; i++) {
        // unroll
        for (var f = 0u; f < FOURS; f++) {
          let y = kept[(AT[l] + i) * FOURS + f];
          var d = back[min(i, MOST - 1u) * FOURS + f];
          // unroll
          for (var is = 0u; is < RECTIFIED; is++) { d = select(d, vec4f(), y <= vec4f()); }
          // unroll
          for (var is = 0u; is < SMOOTH; is++) { d *= select(y * (1.0 - y), 1.0 - y * y, ACTIVATION == 2u); }
          kept[(AT[l] + i) * FOURS + f] = d;
        }
      }
    }
  }
}
