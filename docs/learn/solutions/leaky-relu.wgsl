// Leaky ReLU, element by element (Maas, Hannun and Ng 2013).
//   y = x where x > 0, else slope · x     dx = dy where x > 0, else slope · dy
//   x, y, dy, dx: any shape, the same
// A NaN is not greater than 0, and slope · NaN is NaN: it passes.

//#include "lib/invocation.wgsl"

struct Params {
  vectors: u32,  // vec4 words in each tensor
  stride: u32,   // from one word of an invocation to its next
  slope: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) {
    y[i] = select(params.slope * x[i], x[i], x[i] > vec4f(0.0));
  }
}

@compute @workgroup_size(WORKGROUP)
fn backward(id: Invocation) {
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) {
    dx[i] = select(params.slope * dy[i], dy[i], x[i] > vec4f(0.0));
  }
}
