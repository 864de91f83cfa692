// y = x where x > 0, else slope · x; dx = dy · 1 or dy · slope. x, y, dy, dx: any shape, the same.

struct Params { elements: u32, slope: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn forward(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.elements) { return; }
  y[id.x] = x[id.x] * select(params.slope, 1.0, x[id.x] > 0.0);
}

@compute @workgroup_size(64)
fn backward(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.elements) { return; }
  dx[id.x] = dy[id.x] * select(params.slope, 1.0, x[id.x] > 0.0);
}
