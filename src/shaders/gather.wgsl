// Reads one batch of a data set that lies on the device as bytes, in the order of a list of row numbers.
//   gather_images:    x[n, h + pad, w + pad, c] = images[order[cursor + n], h, w, c] · scale      0 in the border
//   gather_resized:   x[n, oh, ow, c] = bilinear(images[order[cursor + n]])[oh, ow, c'] / divisor[c] − mean[c]
//   gather_features:  x[n, …] = part[order[cursor + n] − first, …], where that row is in the part
//   gather_labels:    y[n] = labels[order[cursor + n]]; LABELS: any of the others does that too
//   images (rows of the part, H, W, C) u8   labels (rows) u8, WIDE: u32   part (rows of the part, …) f32   order (…) u32   clock (step, cursor)
//   x (N, H+2p, W+2p, C) or (N, OH, OW, C or 3) or (N, …)   y (N) u32
// Bilinear as tf.image.resize without antialiasing: centres of pixels at halves, edges repeated, x before y.
// `advance` ends a step: it moves the clock on, so that a replay needs nothing from the host.

//#include "lib/invocation.wgsl"

struct Params {
  batch: u32,
  height: u32,    // of an image in the data set
  width: u32,
  channels: u32,
  pad: u32,
  scale: f32,
  out_height: u32,
  out_width: u32,
  reversed: u32,  // 1: channels come out in the opposite order
  divisor_0: f32,
  divisor_1: f32,
  divisor_2: f32,
  mean_0: f32,
  mean_1: f32,
  mean_2: f32,
  elements: u32,  // of a row of features
  first: u32,     // row of the data set that the part begins with
  rows: u32,      // in the part; of images 0 where there are no parts
  out_channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> images: array<u32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read> clock: array<u32>;
@group(0) @binding(5) var<storage, read_write> x: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<u32>;
@group(0) @binding(7) var<storage, read_write> next_clock: array<u32>;
@group(0) @binding(8) var<storage, read> part: array<f32>;

// Images that take more than a binding come in parts, each with a dispatch of its own; rows is 0 where there is but one. A row
// before the part wraps to a huge number.
fn is_elsewhere(row: u32) -> bool {
  return params.rows > 0u && row >= params.rows;
}

fn gather_label(n: u32) {
  let row = order[clock[1] + n];
  //#if ${WIDE}
  y[n] = labels[row];
  //#else
  y[n] = (labels[row >> 2u] >> (8u * (row & 3u))) & 0xffu;
  //#endif
}

// One invocation a row of x, so that the divisions that find its place are paid once for the whole row.
@compute @workgroup_size(16)
fn gather_images(id: Invocation) {
  let i = group_index(id) * 16u + id.local;
  let padded_height = params.height + 2u * params.pad;
  let row_elements = (params.width + 2u * params.pad) * params.channels;
  if (i >= params.batch * padded_height) { return; }
  //#if ${LABELS}
  if (i < params.batch) { gather_label(i); }
  //#endif
  let border = params.pad * params.channels;
  let inner = params.width * params.channels;
  // A row above the border wraps to a huge number, and fails the same test as one below it; so do columns.
  let h = i % padded_height - params.pad;
  let image = order[clock[1] + i / padded_height] - params.first;
  if (is_elsewhere(image)) { return; }
  let start = (image * params.height + h) * inner;
  for (var k = 0u; k < row_elements; k++) {
    let column = k - border;
    let inside = h < params.height && column < inner;
    let at = select(0u, start + column, inside);
    let byte = (images[at >> 2u] >> (8u * (at & 3u))) & 0xffu;
    x[i * row_elements + k] = select(0.0, f32(byte) * params.scale, inside);
  }
}

fn pixel(image: u32, h: u32, w: u32, c: u32) -> f32 {
  let at = ((image * params.height + h) * params.width + w) * params.channels + c;
  return f32((images[at >> 2u] >> (8u * (at & 3u))) & 0xffu);
}

// One invocation a row of x, as above. A grey image's one channel becomes all three where three are asked for.
@compute @workgroup_size(16)
fn gather_resized(id: Invocation) {
  let i = group_index(id) * 16u + id.local;
  if (i >= params.batch * params.out_height) { return; }
  //#if ${LABELS}
  if (i < params.batch) { gather_label(i); }
  //#endif
  let image = order[clock[1] + i / params.out_height] - params.first;
  if (is_elsewhere(image)) { return; }
  let ratio_y = f32(params.height) / f32(params.out_height);
  let ratio_x = f32(params.width) / f32(params.out_width);
  let y_in = (f32(i % params.out_height) + 0.5) * ratio_y - 0.5;
  let above = u32(max(floor(y_in), 0.0));
  let below = min(u32(max(ceil(y_in), 0.0)), params.height - 1u);
  let down = y_in - floor(y_in);
  for (var ow = 0u; ow < params.out_width; ow++) {
    let x_in = (f32(ow) + 0.5) * ratio_x - 0.5;
    let left = u32(max(floor(x_in), 0.0));
    let right = min(u32(max(ceil(x_in), 0.0)), params.width - 1u);
    let across = x_in - floor(x_in);
    let to = (i * params.out_width + ow) * params.out_channels;
    for (var k = 0u; k < params.channels; k++) {
      let top_left = pixel(image, above, left, k);
      let bottom_left = pixel(image, below, left, k);
      let top = top_left + (pixel(image, above, right, k) - top_left) * across;
      let bottom = bottom_left + (pixel(image, below, right, k) - bottom_left) * across;
      let value = top + (bottom - top) * down;
      if (params.channels == 1u) {
        x[to] = value / params.divisor_0 - params.mean_0;
        if (params.out_channels == 3u) {
          x[to + 1u] = value / params.divisor_1 - params.mean_1;
          x[to + 2u] = value / params.divisor_2 - params.mean_2;
        }
      } else {
        let c = select(k, 2u - k, params.reversed == 1u);
        let divisor = select(select(params.divisor_2, params.divisor_1, c == 1u), params.divisor_0, c == 0u);
        let mean = select(select(params.mean_2, params.mean_1, c == 1u), params.mean_0, c == 0u);
        x[to + c] = value / divisor - mean;
      }
    }
  }
}

// A workgroup a row of x. The rows of other parts are left to the dispatches that read those.
@compute @workgroup_size(WORKGROUP)
fn gather_features(id: Invocation) {
  let n = group_index(id);
  if (n >= params.batch) { return; }
  //#if ${LABELS}
  if (id.local == 0u) { gather_label(n); }
  //#endif
  // A row before the part wraps to a huge number.
  let row = order[clock[1] + n] - params.first;
  if (row >= params.rows) { return; }
  for (var k = id.local; k < params.elements; k += WORKGROUP) {
    x[n * params.elements + k] = part[row * params.elements + k];
  }
}

@compute @workgroup_size(64)
fn gather_labels(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < params.batch) { gather_label(id.x); }
}

@compute @workgroup_size(1)
fn advance() {
  next_clock[0] += 1u;
  next_clock[1] += params.batch;
}
