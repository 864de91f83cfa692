// y = x · keep / (1 − rate), keep iff u ≥ rate. The backward pass is the same kernel on dy: the mask is not stored but
// computed anew from (element, step, stream, seed). core/random.ts is the same generator in TypeScript.
//   x, y: any shape, the same     clock: element 0 counts the steps

//#include "lib/invocation.wgsl"

struct Params {
  vectors: u32,  // vec4 words in x and y
  stream: u32,
  seed: u32,
  rate: f32,
  scale: f32,    // 1 / (1 − rate)
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> clock: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

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

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.vectors) { return; }
  let words = pcg4d(vec4u(i, clock[0], params.stream, params.seed));
  // 24 bits, so that every value is exact in f32.
  let u = vec4f(words >> vec4u(8u)) * 0x1p-24f;
  y[i] = select(vec4f(0.0), x[i] * params.scale, u >= vec4f(params.rate));
}
