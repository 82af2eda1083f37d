// tridiagonalTop: the largest eigenvalue of a symmetric tridiagonal matrix and its unit eigenvector, by Jacobi's method.
// Layout: x [2·rows − 1, 64]: the first of each row is a number, the diagonal's, then the off-diagonal's; y [rows + 1, 64]:
//   the vector's elements, then the value. The vector's first element is not negative. Replica r is workgroup_id.z.
// Order: cyclic sweeps, row by row; a fixed number of them.
// Cost: SWEEPS·rows³·6 flops, by one invocation: for matrices of Lanczos's process of a few steps.

const LARGEST: u32 = 16u;
const SWEEPS: u32 = 10u;
const STRIDE: u32 = 64u;

struct Params { rows: u32, xOffset: u32, xReplica: u32, yOffset: u32, yReplica: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u) {
  let rows = params.rows;
  let first = params.xOffset + group.z * params.xReplica;
  var a: array<f32, 256>;
  var v: array<f32, 256>;
  for (var i = 0u; i < rows; i++) {
    a[i * LARGEST + i] = x[first + i * STRIDE];
    v[i * LARGEST + i] = 1.0;
    if (i + 1u < rows) {
      let beside = x[first + (rows + i) * STRIDE];
      a[i * LARGEST + i + 1u] = beside;
      a[(i + 1u) * LARGEST + i] = beside;
    }
  }
  for (var sweep = 0u; sweep < SWEEPS; sweep++) {
    for (var p = 0u; p + 1u < rows; p++) {
      for (var q = p + 1u; q < rows; q++) {
        let apq = a[p * LARGEST + q];
        // Nothing is left to turn; theta would overflow.
        if (abs(apq) < 1e-30) { continue; }
        let theta = (a[q * LARGEST + q] - a[p * LARGEST + p]) / (2.0 * apq);
        let size = abs(theta);
        let tangent = select(1.0, -1.0, theta < 0.0) / (size + sqrt(min(size, 1e18) * min(size, 1e18) + 1.0));
        let c = inverseSqrt(tangent * tangent + 1.0);
        let s = tangent * c;
        for (var k = 0u; k < rows; k++) {
          let kp = a[k * LARGEST + p];
          let kq = a[k * LARGEST + q];
          a[k * LARGEST + p] = c * kp - s * kq;
          a[k * LARGEST + q] = s * kp + c * kq;
        }
        for (var k = 0u; k < rows; k++) {
          let pk = a[p * LARGEST + k];
          let qk = a[q * LARGEST + k];
          a[p * LARGEST + k] = c * pk - s * qk;
          a[q * LARGEST + k] = s * pk + c * qk;
          let kp = v[k * LARGEST + p];
          let kq = v[k * LARGEST + q];
          v[k * LARGEST + p] = c * kp - s * kq;
          v[k * LARGEST + q] = s * kp + c * kq;
        }
      }
    }
  }
  var top = 0u;
  for (var i = 1u; i < rows; i++) {
    if (a[i * LARGEST + i] > a[top * LARGEST + top]) { top = i; }
  }
  let to = params.yOffset + group.z * params.yReplica;
  let side = select(1.0, -1.0, v[top] < 0.0);
  for (var i = 0u; i < rows; i++) { y[to + i * STRIDE] = side * v[i * LARGEST + top]; }
  y[to + rows * STRIDE] = a[top * LARGEST + top];
}
