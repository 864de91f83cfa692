// A convolution of each channel by itself, and its gradients, four channels an invocation; without dilation.
//   y[n,oh,ow,c] = Σ x[n, oh·SH + kh − top, ow·SW + kw − left, c] · w[kh,kw,c]
//   x, dx (N,H,W,C)   w (KH,KW,C)   y, dy (N,OH,OW,C)   partial (slices, KH,KW,C), a slice some of the images; C in fours
// Forward and to the input, an invocation takes TILE columns of a row, which share most of what they read.

//#include "lib/invocation.wgsl"

const KH: u32 = 3u;
const KW: u32 = 3u;
const SH: u32 = 1u;
const SW: u32 = 1u;
const TILE: u32 = 4u;

struct Params {
  invocations: u32,
  n: u32,
  h: u32,
  w: u32,
  words: u32,   // C / 4
  oh: u32,
  ow: u32,
  top: u32,
  left: u32,
  images: u32,  // of a slice
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read> dy: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> partial: array<vec4f>;

// Word of channels, first column, and row counted through all images.
struct Place {
  lane: u32,
  first: u32,
  line: u32,
}

fn place_of(at: u32, width: u32) -> Place {
  let tiles = (width + TILE - 1u) / TILE;
  let rest = at / params.words;
  return Place(at % params.words, rest % tiles * TILE, rest / tiles);
}

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let at = linear_index(id);
  if (at >= params.invocations) { return; }
  let place = place_of(at, params.ow);
  let image = place.line / params.oh * params.h;
  let row = place.line % params.oh * SH;
  var sums: array<vec4f, TILE>;
  for (var kh = 0u; kh < KH; kh++) {
    // In the padding these wrap below zero, and so fail the test like those past the end.
    let h = row + kh - params.top;
    if (h >= params.h) { continue; }
    var taps: array<vec4f, KW>;
    for (var kw = 0u; kw < KW; kw++) { taps[kw] = w[(kh * KW + kw) * params.words + place.lane]; }
    for (var d = 0u; d < (TILE - 1u) * SW + KW; d++) {
      let column = place.first * SW + d - params.left;
      if (column < params.w) {
        let seen = x[((image + h) * params.w + column) * params.words + place.lane];
        for (var t = 0u; t < TILE; t++) {
          let kw = d - t * SW;
          if (kw < KW) { sums[t] += seen * taps[kw]; }
        }
      }
    }
  }
  for (var t = 0u; t < TILE; t++) {
    let column = place.first + t;
    if (column < params.ow) { y[(place.line * params.ow + column) * params.words + place.lane] = sums[t]; }
  }
}

@compute @workgroup_size(WORKGROUP)
fn input_gradient(id: Invocation) {
  let at = linear_index(id);
  if (at >= params.invocations) { return; }
  let place = place_of(at, params.w);
  let image = place.line / params.h * params.oh;
  let row = place.line % params.h + params.top;
  var sums: array<vec4f, TILE>;
  for (var kh = 0u; kh < KH; kh++) {
    let below = row - kh;
    if (row < kh || below % SH != 0u || below / SH >= params.oh) { continue; }
    var taps: array<vec4f, KW>;
    for (var kw = 0u; kw < KW; kw++) { taps[kw] = w[(kh * KW + kw) * params.words + place.lane]; }
    for (var d = 0u; d < TILE + KW - 1u; d++) {
      let reach = place.first + params.left + d;
      let right = reach - (KW - 1u);
      if (reach >= KW - 1u && right % SW == 0u && right / SW < params.ow) {
        let source = (image + below / SH) * params.ow + right / SW;
        let gradient = dy[source * params.words + place.lane];
        for (var t = 0u; t < TILE; t++) {
          let kw = t + KW - 1u - d;
          if (kw < KW) { sums[t] += gradient * taps[kw]; }
        }
      }
    }
  }
  for (var t = 0u; t < TILE; t++) {
    let column = place.first + t;
    if (column < params.w) { dx[(place.line * params.w + column) * params.words + place.lane] = sums[t]; }
  }
}

// An invocation takes a row of taps, of a slice.
@compute @workgroup_size(WORKGROUP)
fn weight_gradient(id: Invocation) {
  let at = linear_index(id);
  if (at >= params.invocations) { return; }
  let lane = at % params.words;
  let kh = at / params.words % KH;
  let slice = at / params.words / KH;
  var sums: array<vec4f, KW>;
  let end = min((slice + 1u) * params.images, params.n);
  for (var n = slice * params.images; n < end; n++) {
    for (var oh = 0u; oh < params.oh; oh++) {
      let h = oh * SH + kh - params.top;
      if (h >= params.h) { continue; }
      let source = (n * params.h + h) * params.w;
      let result = (n * params.oh + oh) * params.ow;
      // Sums of their own for each row, so that none grows long. Set to zero in words: declared alone, the array kept what the row
      // before had left, on llvmpipe.
      var line = array<vec4f, KW>();
      for (var ow = 0u; ow < params.ow; ow++) {
        let gradient = dy[(result + ow) * params.words + lane];
        for (var kw = 0u; kw < KW; kw++) {
          let column = ow * SW + kw - params.left;
          if (column < params.w) { line[kw] += x[(source + column) * params.words + lane] * gradient; }
        }
      }
      for (var kw = 0u; kw < KW; kw++) { sums[kw] += line[kw]; }
    }
  }
  for (var kw = 0u; kw < KW; kw++) {
    partial[((slice * KH + kh) * KW + kw) * params.words + lane] = sums[kw];
  }
}
