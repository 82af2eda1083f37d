// floats: NaN and infinity by their bits, since a compiler may take for granted that there are none. isNan takes one number, or
// with the condition vec4 four.

@if(vec4)
fn isNan(v: vec4f) -> vec4<bool> { return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u); }
@else
fn isNan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

fn isFinite(v: f32) -> bool { return (bitcast<u32>(v) & 0x7f800000u) != 0x7f800000u; }

// A NaN from a number that is known when the kernel runs and below 2^22: written as a constant, WGSL refuses it.
fn nan(some: u32) -> f32 { return bitcast<f32>(0x7fc00000u | some); }
