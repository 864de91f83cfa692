// A rectifier with trained slopes.
//   y = x where x ≥ 0, else alpha · x     dx = dy, or alpha · dy     terms = dy · min(x, 0), whose sums are dalpha
//   x, y, dy, dx, terms: rows × P, the same     alpha: P

//#include "lib/invocation.wgsl"

struct Params {
  elements: u32,
  period: u32,  // P
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> alpha: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;
@group(0) @binding(6) var<storage, read_write> terms: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.elements) { return; }
  y[i] = select(x[i], alpha[i % params.period] * x[i], x[i] < 0.0);
}

@compute @workgroup_size(WORKGROUP)
fn backward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.elements) { return; }
  // As Keras computes it, as relu(x) − alpha · relu(−x): at 0 neither has a slope.
  dx[i] = select(select(0.0, dy[i], x[i] > 0.0), alpha[i % params.period] * dy[i], x[i] < 0.0);
}

@compute @workgroup_size(WORKGROUP)
fn slope_terms(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.elements) { return; }
  terms[i] = select(0.0, dy[i] * x[i], x[i] < 0.0);
}
