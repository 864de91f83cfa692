// Scale, shift and ReLU in one pass: y = max(x · scale[c] + shift[c], 0), c = i mod channels.
// With g = dy where y > 0, else 0:  dx = g · scale[c]   dscale[c] = Σ g · x   dshift[c] = Σ g

struct Params { elements: u32, channels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read> output: array<f32>;
@group(0) @binding(6) var<storage, read> dy: array<f32>;
@group(0) @binding(7) var<storage, read_write> dx: array<f32>;
@group(0) @binding(8) var<storage, read_write> dscale: array<f32>;
@group(0) @binding(9) var<storage, read_write> dshift: array<f32>;

@compute @workgroup_size(64)
fn forward(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.elements) { return; }
  let c = id.x % params.channels;
  y[id.x] = max(x[id.x] * scale[c] + shift[c], 0.0);
}

@compute @workgroup_size(64)
fn backward_x(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.elements) { return; }
  dx[id.x] = select(0.0, dy[id.x] * scale[id.x % params.channels], output[id.x] > 0.0);
}

// An invocation a channel, which adds in order: the same bits every time.
@compute @workgroup_size(1)
fn backward_weights(@builtin(global_invocation_id) id: vec3u) {
  var sums = vec2f();
  for (var i = id.x; i < params.elements; i += params.channels) {
    if (output[i] > 0.0) { sums += dy[i] * vec2f(x[i], 1.0); }
  }
  dscale[id.x] = sums.x;
  dshift[id.x] = sums.y;
}
