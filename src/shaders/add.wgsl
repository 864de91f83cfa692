// y = a + b, element by element.
//   a, b, y: any shape, the same

//#include "lib/invocation.wgsl"

struct Params {
  vectors: u32,  // vec4 words in a, b and y
  stride: u32,   // from one word of an invocation to its next
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) { y[i] = a[i] + b[i]; }
}
