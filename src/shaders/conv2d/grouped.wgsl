// A convolution with groups and dilation, and its gradients, an element an invocation.
//   y[n,oh,ow,o] = Σ x[n, oh·sh + kh·dh − top, ow·sw + kw·dw − left, g·I/G + i] · w[kh,kw,i,o], g = the group of o
//   x, dx (N,H,W,I)   w (KH,KW,I/G,O)   y, dy (N,OH,OW,O)   partial (slices, KH,KW,I/G,O), a slice some of the images

//#include "lib/invocation.wgsl"

struct Params {
  elements: u32,  // of what is written
  n: u32,
  h: u32,
  w: u32,
  i: u32,
  oh: u32,
  ow: u32,
  o: u32,
  kh: u32,
  kw: u32,
  sh: u32,
  sw: u32,
  top: u32,
  left: u32,
  down: u32,      // rows from one tap of the window to the next, dh
  across: u32,    // columns, dw
  group_in: u32,  // I / G
  group_out: u32, // O / G
  images: u32,    // of a slice
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;
@group(0) @binding(6) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let at = linear_index(id);
  if (at >= params.elements) { return; }
  let o = at % params.o;
  let pixel = at / params.o;
  let column = pixel % params.ow * params.sw;
  let row = pixel / params.ow % params.oh * params.sh;
  let n = pixel / params.ow / params.oh;
  let channel = o / params.group_out * params.group_in;
  var sum = 0.0;
  for (var kh = 0u; kh < params.kh; kh++) {
    // In the padding these wrap below zero, and so fail the test like those past the end.
    let h = row + kh * params.down - params.top;
    if (h >= params.h) { continue; }
    for (var kw = 0u; kw < params.kw; kw++) {
      let c = column + kw * params.across - params.left;
      if (c >= params.w) { continue; }
      let source = ((n * params.h + h) * params.w + c) * params.i + channel;
      let tap = (kh * params.kw + kw) * params.group_in;
      for (var i = 0u; i < params.group_in; i++) {
        sum += x[source + i] * w[(tap + i) * params.o + o];
      }
    }
  }
  y[at] = sum;
}

@compute @workgroup_size(WORKGROUP)
fn input_gradient(id: Invocation) {
  let at = linear_index(id);
  if (at >= params.elements) { return; }
  let channel = at % params.i;
  let pixel = at / params.i;
  let column = pixel % params.w + params.left;
  let row = pixel / params.w % params.h + params.top;
  let n = pixel / params.w / params.h;
  let first = channel / params.group_in * params.group_out;
  var sum = 0.0;
  for (var kh = 0u; kh < params.kh; kh++) {
    let below = row - kh * params.down;
    if (below % params.sh != 0u || below / params.sh >= params.oh || row < kh * params.down) { continue; }
    for (var kw = 0u; kw < params.kw; kw++) {
      let right = column - kw * params.across;
      if (right % params.sw != 0u || right / params.sw >= params.ow || column < kw * params.across) { continue; }
      let source = ((n * params.oh + below / params.sh) * params.ow + right / params.sw) * params.o;
      let tap = ((kh * params.kw + kw) * params.group_in + channel % params.group_in) * params.o;
      for (var o = first; o < first + params.group_out; o++) { sum += dy[source + o] * w[tap + o]; }
    }
  }
  dx[at] = sum;
}

@compute @workgroup_size(WORKGROUP)
fn weight_gradient(id: Invocation) {
  let at = linear_index(id);
  if (at >= params.elements) { return; }
  let o = at % params.o;
  let i = at / params.o % params.group_in;
  let tap = at / params.o / params.group_in;
  let kw = tap % params.kw;
  let kh = tap / params.kw % params.kh;
  let slice = tap / params.kw / params.kh;
  let channel = o / params.group_out * params.group_in + i;
  var sum = 0.0;
  let end = min((slice + 1u) * params.images, params.n);
  for (var n = slice * params.images; n < end; n++) {
    for (var oh = 0u; oh < params.oh; oh++) {
      let h = oh * params.sh + kh * params.down - params.top;
      if (h >= params.h) { continue; }
      // A sum of its own for each row, so that none grows long.
      var line = 0.0;
      for (var ow = 0u; ow < params.ow; ow++) {
        let c = ow * params.sw + kw * params.across - params.left;
        if (c >= params.w) { continue; }
        let source = ((n * params.h + h) * params.w + c) * params.i + channel;
        line += x[source] * dy[((n * params.oh + oh) * params.ow + ow) * params.o + o];
      }
      sum += line;
    }
  }
  partial[at] = sum;
}
