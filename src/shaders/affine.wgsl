// A line through every element, the same for all of a channel's.
//   y = (x − centre[c]) · scale[c] + offset[c]     dx = dy · scale[c]
//   x, y, dy, dx (…, C); C up to four, or one line for all channels

//#include "lib/invocation.wgsl"

struct Params {
  elements: u32,
  period: u32,  // lines, one of each channel or one of all
  centre_0: f32,
  centre_1: f32,
  centre_2: f32,
  centre_3: f32,
  scale_0: f32,
  scale_1: f32,
  scale_2: f32,
  scale_3: f32,
  offset_0: f32,
  offset_1: f32,
  offset_2: f32,
  offset_3: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

fn scale_of(c: u32) -> f32 {
  return vec4f(params.scale_0, params.scale_1, params.scale_2, params.scale_3)[c];
}

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.elements) { return; }
  let c = i % params.period;
  let centre = vec4f(params.centre_0, params.centre_1, params.centre_2, params.centre_3)[c];
  let offset = vec4f(params.offset_0, params.offset_1, params.offset_2, params.offset_3)[c];
  y[i] = (x[i] - centre) * scale_of(c) + offset;
}

@compute @workgroup_size(WORKGROUP)
fn backward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.elements) { return; }
  dx[i] = dy[i] * scale_of(i % params.period);
}
