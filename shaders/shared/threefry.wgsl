// threefry: counter-based random numbers, Threefry-2x32-20 (Salmon et al. 2011). Host twin: src/nn/threefry.ts.

fn rotateLeft(word: u32, distance: u32) -> u32 {
  return (word << distance) | (word >> (32u - distance));
}

fn quarter(x: vec2u, distances: vec4u) -> vec2u {
  var a = x.x;
  var b = x.y;
  // unroll
  for (var i = 0u; i < 4u; i++) {
    a = a + b;
    b = rotateLeft(b, distances[i]) ^ a;
  }
  return vec2u(a, b);
}

// Two random words for a key and a counter.
fn threefry(key: vec2u, counter: vec2u) -> vec2u {
  let parity = 0x1bd11bdau ^ key.x ^ key.y;
  let even = vec4u(13u, 15u, 26u, 6u);
  let odd = vec4u(17u, 29u, 16u, 24u);
  var x = counter + key;
  x = quarter(x, even) + vec2u(key.y, parity + 1u);
  x = quarter(x, odd) + vec2u(parity, key.x + 2u);
  x = quarter(x, even) + vec2u(key.x, key.y + 3u);
  x = quarter(x, odd) + vec2u(key.y, parity + 4u);
  x = quarter(x, even) + vec2u(parity, key.x + 5u);
  return x;
}
