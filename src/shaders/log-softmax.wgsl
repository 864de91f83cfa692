// The logarithm of softmax over the last axis.
//   y[n,k] = x[n,k] − max x[n] − log Σ exp(x[n,·] − max x[n])     dx = dy − exp(y) · Σ dy
//   x, y, dy, dx (N,K)
// LANES neighbouring invocations share a row, as in softmax.wgsl.

//#include "lib/invocation.wgsl"
//#include "lib/lane-max.wgsl"

const LANES: u32 = 16u;  // 1 to 64, a power of two

struct Params {
  rows: u32,     // N
  classes: u32,  // K
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read> output: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let row = group_index(id) * (WORKGROUP / LANES) + id.local / LANES;
  // Invocations past the last row repeat it, because every one must reach the barriers, but write nothing.
  let start = min(row, params.rows - 1u) * params.classes;
  var peak = LOWEST;
  for (var k = id.local % LANES; k < params.classes; k += LANES) { peak = max(peak, x[start + k]); }
  peak = max_over(LANES, peak, id.local);
  var sum = 0.0;
  for (var k = id.local % LANES; k < params.classes; k += LANES) { sum += exp(x[start + k] - peak); }
  sum = sum_over(LANES, sum, id.local);
  if (row >= params.rows) { return; }
  // Apart from each other: together they would lose the logarithm beside a large peak.
  for (var k = id.local % LANES; k < params.classes; k += LANES) {
    y[start + k] = (x[start + k] - peak) - log(sum);
  }
}

@compute @workgroup_size(WORKGROUP)
fn backward(id: Invocation) {
  let row = group_index(id) * (WORKGROUP / LANES) + id.local / LANES;
  let start = min(row, params.rows - 1u) * params.classes;
  var sum = 0.0;
  for (var k = id.local % LANES; k < params.classes; k += LANES) { sum += dy[start + k]; }
  sum = sum_over(LANES, sum, id.local);
  if (row >= params.rows) { return; }
  for (var k = id.local % LANES; k < params.classes; k += LANES) {
    dx[start + k] = dy[start + k] - exp(output[start + k]) * sum;
  }
}
