// Copies elements, as they are or times a factor, for tensors that are stored otherwise: which way, the bindings say.
//   y = x     y = x · factor     y = x / factor
//   x, y: flat, the same size    factor (1)

//#include "lib/invocation.wgsl"

struct Params {
  vectors: u32,  // vec4 words in x
  stride: u32,   // from one word of an invocation to its next
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> factor: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn copy(id: Invocation) {
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) { y[i] = x[i]; }
}

@compute @workgroup_size(WORKGROUP)
fn scale(id: Invocation) {
  let by = factor[0];
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) { y[i] = x[i] * by; }
}

@compute @workgroup_size(WORKGROUP)
fn unscale(id: Invocation) {
  let by = factor[0];
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) { y[i] = x[i] / by; }
}
