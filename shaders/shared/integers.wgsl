// integers: what WGSL lacks for want of u64. Host twin: multiplyHigh of src/data/sampler.ts.

// floor(a * b / 2^32), by 16-bit halves.
fn multiplyHigh(a: u32, b: u32) -> u32 {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let cross0 = (a & 0xffffu) * (b >> 16u);
  let cross1 = (a >> 16u) * (b & 0xffffu);
  let middle = (low >> 16u) + (cross0 & 0xffffu) + (cross1 & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (cross0 >> 16u) + (cross1 >> 16u) + (middle >> 16u);
}
