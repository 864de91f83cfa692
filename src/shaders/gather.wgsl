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
  elements: u32,  // of x
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

@compute @workgroup_size(64)
fn gather_images(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (wg.y * groups.x + wg.x) * 64u + local;
  if (i >= params.elements) { return; }
  let c = i % params.channels;
  let pixel = i / params.channels;
  let padded_width = params.width + 2u * params.pad;
  let padded_height = params.height + 2u * params.pad;
  // Columns and rows left of or above the border wrap to huge numbers, and fail the same test as those beyond it.
  let w = pixel % padded_width - params.pad;
  let h = (pixel / padded_width) % padded_height - params.pad;
  let n = pixel / (padded_width * padded_height);
  if (w >= params.width || h >= params.height) {
    x[i] = 0.0;
    return;
  }
  let row = order[clock[1] + n];
  let at = ((row * params.height + h) * params.width + w) * params.channels + c;
  let byte = (images[at >> 2u] >> (8u * (at & 3u))) & 0xffu;
  x[i] = f32(byte) * params.scale;
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
