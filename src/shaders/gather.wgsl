// Reads one batch of a data set that lies on the device as bytes, in the order of a list of row numbers.
//   x[n, h + pad, w + pad, c] = images[order[cursor + n], h, w, c] · scale      0 in the border
//   y[n]                      = labels[order[cursor + n]]
//   images (rows, H, W, C) u8   labels (rows) u8   order (…) u32   clock (step, cursor)   x (N, H+2p, W+2p, C)   y (N) u32
// `advance` ends a step: it moves the clock on, so that a replay needs nothing from the host.

struct Params {
  batch: u32,
  height: u32,    // of an image in the data set
  width: u32,
  channels: u32,
  pad: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> images: array<u32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read> clock: array<u32>;
@group(0) @binding(5) var<storage, read_write> x: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<u32>;
@group(0) @binding(7) var<storage, read_write> next_clock: array<u32>;

// One invocation a row of x, so that the divisions that find its place are paid once for the whole row.
@compute @workgroup_size(16)
fn gather_images(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (wg.y * groups.x + wg.x) * 16u + local;
  let padded_height = params.height + 2u * params.pad;
  let row_elements = (params.width + 2u * params.pad) * params.channels;
  if (i >= params.batch * padded_height) { return; }
  let border = params.pad * params.channels;
  let inner = params.width * params.channels;
  // A row above the border wraps to a huge number, and fails the same test as one below it; so do columns.
  let h = i % padded_height - params.pad;
  let image = order[clock[1] + i / padded_height];
  let start = (image * params.height + h) * inner;
  for (var k = 0u; k < row_elements; k++) {
    let column = k - border;
    let inside = h < params.height && column < inner;
    let at = select(0u, start + column, inside);
    let byte = (images[at >> 2u] >> (8u * (at & 3u))) & 0xffu;
    x[i * row_elements + k] = select(0.0, f32(byte) * params.scale, inside);
  }
}

@compute @workgroup_size(64)
fn gather_labels(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  if (n >= params.batch) { return; }
  let row = order[clock[1] + n];
  y[n] = (labels[row >> 2u] >> (8u * (row & 3u))) & 0xffu;
}

@compute @workgroup_size(1)
fn advance() {
  next_clock[0] += 1u;
  next_clock[1] += params.batch;
}
