// Two tensors side by side, and the two halves of a gradient.
//   y[r] = a[r] followed by b[r]     da[r], db[r]: the parts of dy[r]
//   a (R, A)   b (R, B)   y, dy (R, A + B)

//#include "lib/invocation.wgsl"

struct Params {
  elements: u32,  // of what is written
  a_width: u32,   // A
  b_width: u32,   // B
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> da: array<f32>;
@group(0) @binding(6) var<storage, read_write> db: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.elements) { return; }
  let width = params.a_width + params.b_width;
  let row = i / width;
  let column = i % width;
  if (column < params.a_width) {
    y[i] = a[row * params.a_width + column];
  } else {
    y[i] = b[row * params.b_width + column - params.a_width];
  }
}

@compute @workgroup_size(WORKGROUP)
fn first_part(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.elements) { return; }
  da[i] = dy[i / params.a_width * (params.a_width + params.b_width) + i % params.a_width];
}

@compute @workgroup_size(WORKGROUP)
fn second_part(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.elements) { return; }
  let row = i / params.b_width * (params.a_width + params.b_width);
  db[i] = dy[row + params.a_width + i % params.b_width];
}
