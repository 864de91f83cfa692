// Activations, element by element, as an op of their own.
//   y = relu(x), tanh(x), sigmoid(x)     dx = dy · y'
//   x, y, dy, dx: any shape, the same

alias Lanes = vec4f;
alias Bits = vec4i;

//#include "lib/invocation.wgsl"
//#include "lib/activate.wgsl"

struct Params {
  vectors: u32,  // vec4 words in each tensor
  stride: u32,   // from one word of an invocation to its next
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> output: array<vec4f>;
@group(0) @binding(4) var<storage, read> dy: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dx: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) { y[i] = activate(x[i]); }
}

@compute @workgroup_size(WORKGROUP)
fn backward(id: Invocation) {
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) {
    dx[i] = backpropagate(dy[i], output[i]);
  }
}
