// y = x + b[c], for ops whose own kernels add no bias.
//   x, y (…, C)   b (C)

//#include "lib/invocation.wgsl"

struct Params {
  elements: u32,
  channels: u32,  // C
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.elements) { return; }
  y[i] = x[i] + b[i % params.channels];
}
