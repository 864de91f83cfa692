// Mean over the height and width of images, and its gradient. An invocation takes four channels, or one where C is no
// multiple of four.
//   x, dx (N,H,W,C)   y, dy (N,C)

//#include "lib/invocation.wgsl"
//#include "lib/lanes.wgsl"

struct Params {
  images: u32,    // N
  height: u32,    // H
  width: u32,     // W
  channels: u32,  // C in units of Lanes
  strip: u32,     // rows of an image that an invocation writes backward
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Lanes>;
@group(0) @binding(2) var<storage, read_write> y: array<Lanes>;
@group(0) @binding(3) var<storage, read> dy: array<Lanes>;
@group(0) @binding(4) var<storage, read_write> dx: array<Lanes>;

// Sums rows first, and then their sums: shorter chains of additions round less.
@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.images * params.channels) { return; }
  let n = i / params.channels;
  var index = n * params.height * params.width * params.channels + i - n * params.channels;
  var sum = Lanes(0);
  for (var h = 0u; h < params.height; h++) {
    var row = Lanes(0);
    for (var w = 0u; w < params.width; w++) {
      row += x[index];
      index += params.channels;
    }
    sum += row;
  }
  y[i] = sum / f32(params.height * params.width);
}

@compute @workgroup_size(WORKGROUP)
fn backward(id: Invocation) {
  let i = linear_index(id);
  let strips = (params.height + params.strip - 1u) / params.strip;
  let s = i / params.channels;
  let n = s / strips;
  if (n >= params.images) { return; }
  let c = i - s * params.channels;
  let row0 = (s - n * strips) * params.strip;
  let row1 = min(row0 + params.strip, params.height);
  let gradient = dy[n * params.channels + c] / f32(params.height * params.width);
  let image = n * params.height * params.width;
  for (var cell = row0 * params.width; cell < row1 * params.width; cell++) {
    dx[(image + cell) * params.channels + c] = gradient;
  }
}
