// anyFormProduct: the operands and the end of products whose form and epilogue are chosen at run time, so that one pipeline
// serves many: op(A)[i, l] = a[i aRow + l aStep], op(B)[l, j] = b[j bColumn + l bStep], c [m, n], bias [n], y [m, n] row-major and
// dense. bias: add bias[col]. activation: 0 none, 1 relu, 2 tanh, 3 sigmoid. mask: multiply by the derivative of that
// activation at its output y (numbered alike). columnSum: also c[columnSumOffset + i] = sum over l of op(A)[i, l].

import package::shared::activation::{activated, masked, passed, rectified};

struct Params {
  m: u32, n: u32, k: u32, aOffset: u32, aReplica: u32, bOffset: u32, bReplica: u32, cOffset: u32, cReplica: u32,
  bias: u32, biasOffset: u32, biasReplica: u32, mask: u32, yOffset: u32, yReplica: u32, activation: u32,
  aRow: u32, aStep: u32, bColumn: u32, bStep: u32, columnSum: u32, columnSumOffset: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> y: array<f32>;

// With what is fused into the product: of the output in this row and column. curves: compile tanh and sigmoid in.
fn finish(value: f32, r: u32, row: u32, col: u32, curves: bool) -> f32 {
  var v = value;
  if (params.bias != 0u) { v += bias[params.biasOffset + r * params.biasReplica + col]; }
  if (curves) {
    v = activated(v, params.activation);
  } else if (params.activation == 1u) {
    v = rectified(v);
  }
  if (params.mask != 0u) {
    let s = y[params.yOffset + r * params.yReplica + row * params.n + col];
    if (curves) {
      v = masked(v, s, params.mask);
    } else if (params.mask == 1u) {
      v = passed(v, s);
    }
  }
  return v;
}

// The sum of row i of op(A).
fn sumColumn(r: u32, i: u32) {
  if (i >= params.m) { return; }
  let at = params.aOffset + r * params.aReplica + i * params.aRow;
  var total = 0.0;
  for (var l = 0u; l < params.k; l++) { total += a[at + l * params.aStep]; }
  c[params.columnSumOffset + r * params.cReplica + i] = total;
}
