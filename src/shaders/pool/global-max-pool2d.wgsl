// Maximum over the height and width of images, and its gradient. An invocation takes four channels of an image, or one
// where C is no multiple of four.
//   x, dx (N,H,W,C)   y, top, dy (N,C)

//#include "lib/invocation.wgsl"
//#include "lib/lanes.wgsl"
//#include "lib/nan.wgsl"

struct Params {
  images: u32,    // N
  cells: u32,     // H · W
  channels: u32,  // C in units of Lanes
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Lanes>;
@group(0) @binding(2) var<storage, read_write> y: array<Lanes>;
@group(0) @binding(3) var<storage, read> top: array<Lanes>;
@group(0) @binding(4) var<storage, read> dy: array<Lanes>;
@group(0) @binding(5) var<storage, read_write> dx: array<Lanes>;

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.images * params.channels) { return; }
  let first = first_cell(i);
  var best = x[first];
  var magnitude = magnitude_of(best);
  for (var cell = 1u; cell < params.cells; cell++) {
    let value = x[first + cell * params.channels];
    best = max(best, value);
    magnitude = max(magnitude, magnitude_of(value));
  }
  y[i] = or_nan(best, bitcast<Lanes>(magnitude));
}

// Counts the maxima first, because each gets its share of the gradient. Where the maximum is NaN, every cell gets NaN.
@compute @workgroup_size(WORKGROUP)
fn backward(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.images * params.channels) { return; }
  let first = first_cell(i);
  let best = top[i];
  var ties = Lanes(0);
  for (var cell = 0u; cell < params.cells; cell++) {
    ties += select(Lanes(0), Lanes(1), x[first + cell * params.channels] == best);
  }
  let share = or_nan(dy[i] / ties, best);
  let rest = or_nan(Lanes(0), best);
  for (var cell = 0u; cell < params.cells; cell++) {
    let at = first + cell * params.channels;
    dx[at] = select(rest, share, x[at] == best);
  }
}

fn first_cell(i: u32) -> u32 {
  let n = i / params.channels;
  return n * params.cells * params.channels + i - n * params.channels;
}
