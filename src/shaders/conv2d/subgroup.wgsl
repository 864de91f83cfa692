// 2-D convolution, the subgroup rung: direct, in registers. A lane holds COLUMNS neighbouring outputs of one row for
// CHANNELS filters. For each row of the window and input channel it reads its stretch of the input once, uses every
// value up to KW times for every filter, and gets the weights, spread over the lanes of its subgroup, by shuffles.
// Faster than naive by reading each value once per many multiply-adds; needs subgroups of the known size SUBGROUP.
//   x (N,H,W,I)   w (KH,KW,I,O)   y (N,OH,OW,O)
// TRANSPOSED: w is (KH,KW,O,I), of the convolution whose input gradient this is; rows and columns of the window are reversed.

enable subgroups;
diagnostic(off, subgroup_uniformity);

alias Lanes = f32;
alias Bits = i32;

//#include "lib/conv-index.wgsl"
//#include "lib/activate.wgsl"

const SUBGROUP: u32 = 8u;
const KW: u32 = 5u;        // columns of the window
const COLUMNS: u32 = 5u;   // output columns of a lane
const CHANNELS: u32 = 16u; // filters of a lane
const STRIDE: u32 = 1u;    // across
const SKIP: u32 = 0u;      // of a lane's stretch of the input, the columns before these …
const REAL: u32 = 9u;      // … and after these many are padding for every lane
const SPAN = (COLUMNS - 1u) * STRIDE + KW;
const LANE_WORDS = (KW * CHANNELS + 4u * SUBGROUP - 1u) / (4u * SUBGROUP);

struct Params {
  n: u32,
  h: u32,
  w: u32,
  i: u32,
  kh: u32,
  oh: u32,
  ow: u32,
  o: u32,
  sh: u32,
  top: u32,
  left: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
//#if ${WEIGHT_WORDS}
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
//#else
@group(0) @binding(2) var<storage, read> w: array<f32>;
//#endif
@group(0) @binding(3) var<storage, read> b: array<f32>;
//#if ${WORDS}
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
//#else
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
//#endif

alias Sums = array<array<f32, COLUMNS>, CHANNELS>;
alias Values = array<f32, SPAN>;
alias Results = array<f32, COLUMNS * CHANNELS>;
alias Words = array<vec4f, LANE_WORDS>;
//#if ${WEIGHT_WORDS}
alias Places = array<u32, LANE_WORDS>;
//#else
alias Places = array<vec4u, LANE_WORDS>;
//#endif

// The loops below are in functions, four filters or eight words at a time, because Mesa unrolls a loop only up to some 800
// instructions, and an array that is indexed in a loop that stays lives in memory.
fn accumulate(sums: ptr<function, Sums>, values: ptr<function, Values>, words: ptr<function, Words>, start: u32) {
  for (var c = start; c < min(start + 4u, CHANNELS); c++) {
    var sum = (*sums)[c];
    for (var k = 0u; k < KW; k++) {
      let e = k * CHANNELS + c;
      let weight = subgroupShuffle((*words)[e / (4u * SUBGROUP)][e % 4u], e / 4u % SUBGROUP);
      for (var j = 0u; j < COLUMNS; j++) {
        let at = j * STRIDE + k;
        if (at >= SKIP && at < SKIP + REAL) { sum[j] += weight * (*values)[at]; }
      }
    }
    (*sums)[c] = sum;
  }
}

fn finish(sums: ptr<function, Sums>, results: ptr<function, Results>, start: u32) {
  for (var c = start; c < min(start + 4u, CHANNELS); c++) {
    for (var j = 0u; j < COLUMNS; j++) { (*results)[j * CHANNELS + c] = activate((*sums)[c][j]); }
  }
}

// `limit` is how many columns and filters there are from this lane's first ones on.
//#if ${WORDS}
fn store(results: ptr<function, Results>, to: u32, limit: vec2u, start: u32) {
  for (var word = start * CHANNELS / 4u; word < min(start + 4u, COLUMNS) * CHANNELS / 4u; word++) {
    let e = word * 4u;
    let four = vec4f((*results)[e], (*results)[e + 1u], (*results)[e + 2u], (*results)[e + 3u]);
    //#if ${WHOLE}
    y[to / 4u + word] = four;
    //#else
    if (e / CHANNELS < limit.x) { y[(to + e / CHANNELS * params.o + e % CHANNELS) / 4u] = four; }
    //#endif
  }
}
//#else
fn store(results: ptr<function, Results>, to: u32, limit: vec2u, start: u32) {
  for (var j = start; j < min(start + 4u, COLUMNS); j++) {
    for (var c = 0u; c < CHANNELS; c++) {
      if (j < limit.x && c < limit.y) { y[to + j * params.o + c] = (*results)[j * CHANNELS + c]; }
    }
  }
}
//#endif

// The weights of one row of the window and input channel, KW·CHANNELS of them, are spread over the lanes a word each, in that
// order. Where this lane's lie, counted from the first; those beyond the last are never used.
fn places_of(lane: u32, first: u32) -> Places {
  var places: Places;
  for (var v = 0u; v < LANE_WORDS; v++) {
    let e = (v * SUBGROUP + lane) * 4u;
    //#if ${WEIGHT_WORDS}
    places[v] = place_of(e, first) / 4u;
    //#else
    for (var s = 0u; s < 4u; s++) { places[v][s] = place_of(e + s, first); }
    //#endif
  }
  return places;
}

fn place_of(e: u32, first: u32) -> u32 {
  let k = min(e / CHANNELS, KW - 1u);
  let o = min(first + e % CHANNELS, params.o - 1u);
  //#if ${TRANSPOSED}
  return ((KW - 1u - k) * params.o + o) * params.i;
  //#else
  return k * params.i * params.o + o;
  //#endif
}

fn read_weights(words: ptr<function, Words>, places: ptr<function, Places>, kh: u32, i: u32) {
  //#if ${TRANSPOSED}
  let begin = (params.kh - 1u - kh) * KW * params.i * params.o + i;
  //#else
  let begin = (kh * KW * params.i + i) * params.o;
  //#endif
  for (var v = 0u; v < LANE_WORDS; v++) {
    //#if ${WEIGHT_WORDS}
    (*words)[v] = w[begin / 4u + (*places)[v]];
    //#else
    for (var s = 0u; s < 4u; s++) { (*words)[v][s] = w[begin + (*places)[v][s]]; }
    //#endif
  }
}

@compute @workgroup_size(SUBGROUP)
fn forward(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) lane: u32) {
  let p = params;
  let rows = p.n * p.oh;
  let row = min(wg.x * SUBGROUP + lane, rows - 1u);
  // Neighbouring lanes take the same row of different images, so that they mostly agree on which rows are padding.
  let n = row % p.n;
  let oh = row / p.n;
  let column = wg.y * COLUMNS;
  let first = wg.z * CHANNELS;
  var sums: Sums;
  //#if ${HAS_BIAS}
  for (var c = 0u; c < CHANNELS; c++) {
    let bias = b[min(first + c, p.o - 1u)];
    for (var j = 0u; j < COLUMNS; j++) { sums[c][j] = bias; }
  }
  //#endif
  let from_column = column * STRIDE - p.left;
  var kh_first = 0u;
  var kh_end = p.kh;
  //#if ${PADDED}
  let highest = i32(oh * p.sh) - i32(p.top);
  kh_first = subgroupMin(u32(max(0, -highest)));
  kh_end = subgroupMax(u32(clamp(i32(p.h) - highest, 0, i32(p.kh))));
  //#endif
  var h = oh * p.sh + kh_first - p.top;
  var places = places_of(lane, first);
  var kh = kh_first;
  var i = 0u;
  // One loop over rows and channels rather than two, because every loop costs a masked copy of all sums a turn.
  for (var turn = kh_first * p.i; turn < kh_end * p.i; turn++) {
    var values: Values;
    //#if ${PADDED}
    let row_inside = h < p.h;
    let from_x = x_index(n, min(h, p.h - 1u), 0u) + i;
    for (var j = SKIP; j < SKIP + REAL; j++) {
      let at = from_column + j;
      let value = x[from_x + min(at, p.w - 1u) * p.i];
      values[j] = select(0.0, value, row_inside && at < p.w);
    }
    //#else
    let from_x = x_index(n, h, from_column) + i;
    for (var j = 0u; j < SPAN; j++) { values[j] = x[from_x + j * p.i]; }
    //#endif
    var words: Words;
    read_weights(&words, &places, kh, i);
    accumulate(&sums, &values, &words, 0u);
    if (CHANNELS > 4u) { accumulate(&sums, &values, &words, 4u); }
    if (CHANNELS > 8u) { accumulate(&sums, &values, &words, 8u); }
    if (CHANNELS > 12u) { accumulate(&sums, &values, &words, 12u); }
    i++;
    if (i == p.i) {
      i = 0u;
      kh++;
      h++;
    }
  }
  if (wg.x * SUBGROUP + lane >= rows) { return; }
  let to = y_index(n, oh, column) + first;
  var results: Results;
  finish(&sums, &results, 0u);
  if (CHANNELS > 4u) { finish(&sums, &results, 4u); }
  if (CHANNELS > 8u) { finish(&sums, &results, 8u); }
  if (CHANNELS > 12u) { finish(&sums, &results, 12u); }
  let limit = vec2u(p.ow - column, p.o - first);
  store(&results, to, limit, 0u);
  if (COLUMNS > 4u) { store(&results, to, limit, 4u); }
  if (COLUMNS > 8u) { store(&results, to, limit, 8u); }
  if (COLUMNS > 12u) { store(&results, to, limit, 12u); }
}
