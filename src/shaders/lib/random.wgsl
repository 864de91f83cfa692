// Counter-based random numbers: core/random.ts is the same generator in TypeScript, bit for bit.

// Jarzynski and Olano, Hash Functions for GPU Rendering, JCGT 9 (3), 2020.
fn pcg4d(counter: vec4u) -> vec4u {
  var v = counter * 1664525u + 1013904223u;
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  v ^= v >> vec4u(16u);
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  return v;
}

// Four numbers in [0, 1): 24 bits, so that every value is exact in f32.
fn uniforms(counter: vec4u) -> vec4f {
  return vec4f(pcg4d(counter) >> vec4u(8u)) * 0x1p-24f;
}

// Where such a number lies in a range.
fn between(low: f32, high: f32, u: f32) -> f32 {
  return low + (high - low) * u;
}
