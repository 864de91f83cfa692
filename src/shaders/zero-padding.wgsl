// Zeros around the images of a batch, and the crop that is its gradient.
//   x (N,H,W,C)   y (N,OH,OW,C), OH = H + top + bottom, OW = W + left + right
// A line of C·W elements is contiguous, so the channel never has to be told apart from the column.

//#include "lib/invocation.wgsl"

struct Params {
  elements: u32,    // of what is written: y forward, dx backward
  height: u32,      // H
  line: u32,        // W · C
  out_height: u32,  // OH
  out_line: u32,    // OW · C
  top: u32,
  before: u32,      // left · C
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.elements) { return; }
  let row = i / params.out_line;
  let n = row / params.out_height;
  // Above and left of the image these wrap round to numbers past any extent.
  let h = row % params.out_height - params.top;
  let at = i % params.out_line - params.before;
  var value = 0.0;
  if (h < params.height && at < params.line) {
    value = x[(n * params.height + h) * params.line + at];
  }
  y[i] = value;
}

@compute @workgroup_size(WORKGROUP)
fn backward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.elements) { return; }
  let row = i / params.line;
  let n = row / params.height;
  let h = row % params.height + params.top;
  dx[i] = dy[(n * params.out_height + h) * params.out_line + i % params.line + params.before];
}
