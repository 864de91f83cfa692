// Each channel moved and scaled by given statistics.
//   y = (x − mean[c]) / deviation[c]     INVERTED: y = mean[c] + x · deviation[c]     deviation = max(√variance, 1e-7)
//   x, y, dy, dx (…, C)   mean, variance (C)

//#include "lib/invocation.wgsl"

struct Params {
  elements: u32,
  channels: u32,  // C
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> variance: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<f32>;

fn deviation_of(c: u32) -> f32 {
  return max(sqrt(variance[c]), 1e-7);
}

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.elements) { return; }
  let c = i % params.channels;
//#if ${INVERTED}
  y[i] = mean[c] + x[i] * deviation_of(c);
//#else
  y[i] = (x[i] - mean[c]) / deviation_of(c);
//#endif
}

@compute @workgroup_size(WORKGROUP)
fn backward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.elements) { return; }
//#if ${INVERTED}
  dx[i] = dy[i] * deviation_of(i % params.channels);
//#else
  dx[i] = dy[i] / deviation_of(i % params.channels);
//#endif
}
