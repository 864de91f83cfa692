// y = x · keep / (1 − rate), keep iff u ≥ rate. The backward pass is the same kernel on dy: the mask is not stored but
// computed anew from (element, step, stream, seed). core/random.ts is the same generator in TypeScript.
//   x, y: any shape, the same     clock: element 0 counts the steps

//#include "lib/invocation.wgsl"
//#include "lib/random.wgsl"

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

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.vectors) { return; }
  let u = uniforms(vec4u(i, clock[0], params.stream, params.seed));
  y[i] = select(vec4f(0.0), x[i] * params.scale, u >= vec4f(params.rate));
}
