// A convolution of each channel by itself, and its gradients, four channels an invocation; without dilation.
//   y[n,oh,ow,c] = Σ x[n, oh·SH + kh − top, ow·SW + kw − left, c] · w[kh,kw,c]
//   x, dx (N,H,W,C)   w (KH,KW,C)   y, dy (N,OH,OW,C)   partial (slices, KH,KW,C)   C in fours
// An invocation takes TILE columns of a stretch of rows and goes down them, the window sliding along: what a row brings is
// loaded once, and added to all rows of the result that it has a share in, which are in registers till they are complete.

//#include "lib/invocation.wgsl"

const KH: u32 = 3u;
const KW: u32 = 3u;
const SH: u32 = 1u;
const SW: u32 = 1u;
const TILE: u32 = 3u;                      // a multiple of SW for input_gradient
const ROWS: u32 = (KH + SH - 1u) / SH;     // windows that a row of x is within, from SH rows to SH rows
const COLUMNS: u32 = (KW + SW - 1u) / SW;
const SPAN: u32 = (TILE - 1u) * SW + KW;   // columns of x that TILE windows see
const DY_SPAN: u32 = TILE / SW + COLUMNS - 1u;

struct Params {
  invocations: u32,
  n: u32,
  h: u32,
  w: u32,
  words: u32,      // C / 4
  oh: u32,
  ow: u32,
  top: u32,
  left: u32,
  tiles: u32,      // of TILE columns
  stretches: u32,  // of rows
  rows: u32,       // of a stretch: rows of y, or SH rows of dx each
  images: u32,     // that an invocation sums over
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read> dy: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> partial: array<vec4f>;

// Word of channels, tile of columns, first row of the stretch, and image or images.
struct Place {
  lane: u32,
  tile: u32,
  row: u32,
  image: u32,
}

fn place_of(at: u32) -> Place {
  let strip = at / params.words;
  let stretch = strip / params.tiles;
  return Place(
    at % params.words,
    strip % params.tiles * TILE,
    stretch % params.stretches * params.rows,
    stretch / params.stretches,
  );
}

alias Taps = array<vec4f, KH * KW>;

fn taps_of(lane: u32) -> Taps {
  var taps: Taps;
  for (var tap = 0u; tap < KH * KW; tap++) { taps[tap] = w[tap * params.words + lane]; }
  return taps;
}

alias Row = array<vec4f, SPAN>;
alias Sums = array<vec4f, ROWS * TILE>;

// What the tile's windows see of a row of x; zeros in the padding, where rows and columns wrap below zero, and so fail the test like
// those past the end.
fn row_of(place: Place, image: u32, h: u32) -> Row {
  let line = (image * params.h + min(h, params.h - 1u)) * params.w;
  var seen: Row;
  for (var d = 0u; d < SPAN; d++) {
    let column = place.tile * SW + d - params.left;
    let value = x[(line + min(column, params.w - 1u)) * params.words + place.lane];
    seen[d] = select(vec4f(), value, h < params.h && column < params.w);
  }
  return seen;
}

// Row j of the SH of x that belong to a row of y. The two are written out where they are called for, and not in a loop, which is too
// long to be unrolled, and would index registers.
fn add_row(sums: ptr<function, Sums>, taps: ptr<function, Taps>, seen: Row, j: u32) {
  var row = seen;
  for (var a = 0u; a < ROWS; a++) {
    let kh = (ROWS - 1u - a) * SH + j;
    if (kh >= KH) { continue; }
    for (var t = 0u; t < TILE; t++) {
      for (var kw = 0u; kw < KW; kw++) { (*sums)[a * TILE + t] += row[t * SW + kw] * (*taps)[kh * KW + kw]; }
    }
  }
}

fn add_gradients(sums: ptr<function, Taps>, above: ptr<function, Sums>, seen: Row, j: u32) {
  var row = seen;
  for (var a = 0u; a < ROWS; a++) {
    let kh = (ROWS - 1u - a) * SH + j;
    if (kh >= KH) { continue; }
    for (var kw = 0u; kw < KW; kw++) {
      // A sum of its own for each row, so that none grows long.
      var own = vec4f();
      for (var t = 0u; t < TILE; t++) { own += row[t * SW + kw] * (*above)[a * TILE + t]; }
      (*sums)[kh * KW + kw] += own;
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let at = linear_index(id);
  if (at >= params.invocations) { return; }
  let place = place_of(at);
  var taps = taps_of(place.lane);
  let end = min(place.row + params.rows, params.oh);
  var sums = Sums();
  for (var step = place.row; step < end + ROWS - 1u; step++) {
    add_row(&sums, &taps, row_of(place, place.image, step * SH - params.top), 0u);
    if (SH > 1u) { add_row(&sums, &taps, row_of(place, place.image, step * SH + 1u - params.top), 1u); }
    let row = step - (ROWS - 1u);
    if (row >= place.row && row < end) {
      let to = (place.image * params.oh + row) * params.ow;
      for (var t = 0u; t < TILE; t++) {
        let column = place.tile + t;
        if (column < params.ow) { y[(to + column) * params.words + place.lane] = sums[t]; }
      }
    }
    for (var i = 0u; i < (ROWS - 1u) * TILE; i++) { sums[i] = sums[i + TILE]; }
    for (var i = (ROWS - 1u) * TILE; i < ROWS * TILE; i++) { sums[i] = vec4f(); }
  }
}

// dy's row oh reaches the rows oh·SH + kh of dx, counted from `top` rows above the first; columns likewise. Tiles and stretches
// begin at multiples of the strides there, so that which taps meet is known to the compiler.
@compute @workgroup_size(WORKGROUP)
fn input_gradient(id: Invocation) {
  let at = linear_index(id);
  if (at >= params.invocations) { return; }
  let place = place_of(at);
  var taps = taps_of(place.lane);
  let first = place.row + params.top / SH;
  let across = place.tile + params.left / SW * SW;
  var sums = array<vec4f, ROWS * SH * TILE>();
  for (var step = 0u; step < params.rows + ROWS - 1u; step++) {
    let oh = first + step - (ROWS - 1u);
    let line = (place.image * params.oh + oh) * params.ow;
    var seen = array<vec4f, DY_SPAN>();
    for (var d = 0u; d < DY_SPAN; d++) {
      let ow = across / SW + d - (COLUMNS - 1u);
      if (oh < params.oh && ow < params.ow) { seen[d] = dy[(line + ow) * params.words + place.lane]; }
    }
    for (var kh = 0u; kh < KH; kh++) {
      for (var d = 0u; d < DY_SPAN; d++) {
        for (var kw = 0u; kw < KW; kw++) {
          let t = d * SW + kw - (COLUMNS - 1u) * SW;
          if (t < TILE) { sums[kh * TILE + t] += seen[d] * taps[kh * KW + kw]; }
        }
      }
    }
    for (var j = 0u; j < SH; j++) {
      let h = oh * SH + j - params.top;
      if (step >= ROWS - 1u && h < params.h) {
        let to = (place.image * params.h + h) * params.w;
        for (var t = 0u; t < TILE; t++) {
          let column = across + t - params.left;
          if (column < params.w) { dx[(to + column) * params.words + place.lane] = sums[j * TILE + t]; }
        }
      }
    }
    for (var i = 0u; i < (ROWS - 1u) * SH * TILE; i++) { sums[i] = sums[i + SH * TILE]; }
    for (var i = (ROWS - 1u) * SH * TILE; i < ROWS * SH * TILE; i++) { sums[i] = vec4f(); }
  }
}

// Of a slice: so many images, a stretch of rows and a tile of columns of y.
@compute @workgroup_size(WORKGROUP)
fn weight_gradient(id: Invocation) {
  let at = linear_index(id);
  if (at >= params.invocations) { return; }
  let place = place_of(at);
  let end = min(place.row + params.rows, params.oh);
  let last = min((place.image + 1u) * params.images, params.n);
  var sums = Taps();
  for (var n = place.image * params.images; n < last; n++) {
    var above = Sums();
    for (var step = place.row; step < end + ROWS - 1u; step++) {
      for (var i = 0u; i < (ROWS - 1u) * TILE; i++) { above[i] = above[i + TILE]; }
      let result = (n * params.oh + step) * params.ow;
      for (var t = 0u; t < TILE; t++) {
        let column = place.tile + t;
        var gradient = vec4f();
        if (step < end && column < params.ow) { gradient = dy[(result + column) * params.words + place.lane]; }
        above[(ROWS - 1u) * TILE + t] = gradient;
      }
      add_gradients(&sums, &above, row_of(place, n, step * SH - params.top), 0u);
      if (SH > 1u) { add_gradients(&sums, &above, row_of(place, n, step * SH + 1u - params.top), 1u); }
    }
  }
  let slice = at / params.words;
  for (var tap = 0u; tap < KH * KW; tap++) { partial[(slice * KH * KW + tap) * params.words + place.lane] = sums[tap]; }
}
