// Gradient of a convolution's weights, the subgroup rung. A lane walks some rows of an image and holds, for one input
// channel, all KH·KW·CHANNELS sums in registers: a window of x slides along with it, so that a column costs KH reads of
// x and CHANNELS of dy for KH·KW·CHANNELS multiply-adds. Subgroups then add their lanes up and write partial sums; a
// second dispatch adds those, in a fixed order. Needs subgroups of the known size SUBGROUP, a power of two.
//   x (N,H,W,I)   dy (N,OH,OW,O)   partial (groups, I, blocks of filters, SIZE)   ->   dw (KH,KW,I,O)
//   WHOLE: one workgroup has all groups, adds their sums in that same order, and writes dw; there is no second dispatch then
//   BIAS: db[o] = Σ dy[n,oh,ow,o] besides, a further row of CHANNELS sums; of the first input channel, though each has them

enable subgroups;
diagnostic(off, subgroup_uniformity);

//#include "lib/invocation.wgsl"
//#include "lib/conv-index.wgsl"
//#include "lib/slid-window.wgsl"

const SUBGROUP: u32 = 8u;
const KH: u32 = 5u;
const KW: u32 = 5u;
const CHANNELS: u32 = 8u; // filters of a lane
const STRIDE: u32 = 1u;   // across
const STEP: u32 = 1u;     // down
const ROWS: u32 = 1u;     // of dy at a turn
const SPAN = (ROWS - 1u) * STEP + KH; // rows of x that their windows see
//#if ${BIAS}
const TAPS = KH * KW + 1u;
//#else
const TAPS = KH * KW;
//#endif
const SIZE = (TAPS * CHANNELS + SUBGROUP - 1u) / SUBGROUP * SUBGROUP;

struct Params {
  n: u32,
  h: u32,
  w: u32,
  i: u32,
  oh: u32,
  ow: u32,
  o: u32,
  top: u32,
  left: u32,
  rows: u32,    // output rows of a lane
  bands: u32,   // lanes an image
  groups: u32,
  blocks: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
//#if ${WORDS}
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
//#else
@group(0) @binding(2) var<storage, read> dy: array<f32>;
//#endif
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;
@group(0) @binding(4) var<storage, read_write> dw: array<f32>;
@group(0) @binding(5) var<storage, read_write> db: array<f32>;

alias Sums = array<f32, SIZE>;
alias Lanes = array<f32, SUBGROUP>;
//#if ${WHOLE}
// Of each SUBGROUP neighbouring sums, the lane's own.
alias Totals = array<f32, SIZE / SUBGROUP>;
//#endif

// Adds pairs of lanes: of two neighbouring sums, lanes without `bit` get the first and lanes with it the second.
fn fold(v: ptr<function, Lanes>, lane: u32, bit: u32) {
  let second = (lane & bit) != 0u;
  for (var k = 0u; k < SUBGROUP / 2u / bit; k++) {
    let mine = select((*v)[2u * k], (*v)[2u * k + 1u], second);
    let other = select((*v)[2u * k + 1u], (*v)[2u * k], second);
    (*v)[k] = mine + subgroupShuffleXor(other, bit);
  }
}

// Adds the lanes up, SUBGROUP sums at a time, and leaves each lane one of them to write or to keep.
//#if ${WHOLE}
fn reduce(sums: ptr<function, Sums>, totals: ptr<function, Totals>, lane: u32, start: u32) {
//#else
fn reduce(sums: ptr<function, Sums>, to: u32, lane: u32, start: u32) {
//#endif
  for (var g = start; g < min(start + 8u, SIZE / SUBGROUP); g++) {
    var v: Lanes;
    for (var s = 0u; s < SUBGROUP; s++) { v[s] = (*sums)[g * SUBGROUP + s]; }
    fold(&v, lane, 1u);
    if (SUBGROUP > 2u) { fold(&v, lane, 2u); }
    if (SUBGROUP > 4u) { fold(&v, lane, 4u); }
    if (SUBGROUP > 8u) { fold(&v, lane, 8u); }
    if (SUBGROUP > 16u) { fold(&v, lane, 16u); }
    if (SUBGROUP > 32u) { fold(&v, lane, 32u); }
    //#if ${WHOLE}
    (*totals)[g] += v[0];
    //#else
    partial[to + g * SUBGROUP + lane] = v[0];
    //#endif
  }
}

// Row r of dy at one position; zero for lanes that only keep others company.
fn read_slopes(slopes: ptr<function, Slopes>, r: u32, position: u32, first: u32, counts: bool) {
  //#if ${WORDS}
  for (var q = 0u; q < CHANNELS / 4u; q++) {
    let four = dy[(position * params.o + min(first + q * 4u, params.o - 4u)) / 4u];
    for (var s = 0u; s < 4u; s++) { (*slopes)[r][q * 4u + s] = select(0.0, four[s], counts); }
  }
  //#else
  for (var c = 0u; c < CHANNELS; c++) {
    (*slopes)[r][c] = select(0.0, dy[position * params.o + min(first + c, params.o - 1u)], counts);
  }
  //#endif
}

// The sums of a lane, in group `group` of images and bands.
fn sum_group(sums: ptr<function, Sums>, group: u32, wg: vec3u, lane: u32) {
  let p = params;
  let lanes = p.n * p.bands;
  let t = min(group * SUBGROUP + lane, lanes - 1u);
  let n = t / p.bands;
  let is_lane = group * SUBGROUP + lane < lanes;
  let top_row = t % p.bands * p.rows;
  let first = wg.z * CHANNELS;
  for (var row = 0u; row < p.rows; row += ROWS) {
    let oh = top_row + row;
    let h = min(oh, p.oh - 1u) * STEP - p.top;
    var window: Window;
    for (var kh = 0u; kh < SPAN; kh++) {
      for (var k = STRIDE; k < KW; k++) { window[kh][k] = input(n, h + kh, k - STRIDE - p.left, wg.y); }
    }
    for (var ow = 0u; ow < p.ow; ow++) {
      let at = ow * STRIDE - p.left;
      for (var kh = 0u; kh < SPAN; kh++) {
        for (var k = 0u; k + STRIDE < KW; k++) { window[kh][k] = window[kh][k + STRIDE]; }
        for (var k = max(KW, STRIDE) - STRIDE; k < KW; k++) { window[kh][k] = input(n, h + kh, at + k, wg.y); }
      }
      var slopes: Slopes;
      for (var r = 0u; r < ROWS; r++) {
        let position = (n * p.oh + min(oh + r, p.oh - 1u)) * p.ow + ow;
        read_slopes(&slopes, r, position, first, is_lane && row + r < p.rows && oh + r < p.oh);
      }
      accumulate_window(sums, &window, &slopes);
      //#if ${BIAS}
      for (var c = 0u; c < CHANNELS; c++) {
        var own = slopes[0][c];
        for (var r = 1u; r < ROWS; r++) { own += slopes[r][c]; }
        (*sums)[KH * KW * CHANNELS + c] += own;
      }
      //#endif
    }
  }
}

//#if ${WHOLE}
// Sum k · CHANNELS + c is that of place k of the window, row by row, and filter c of the workgroup's; the last row is the bias.
fn store(totals: ptr<function, Totals>, wg: vec3u, lane: u32, start: u32) {
  for (var g = start; g < min(start + 8u, SIZE / SUBGROUP); g++) {
    let s = g * SUBGROUP + lane;
    let k = s / CHANNELS;
    let o = wg.z * CHANNELS + s % CHANNELS;
    if (o < params.o && k < KH * KW) { dw[(k * params.i + wg.y) * params.o + o] = (*totals)[g]; }
    //#if ${BIAS}
    if (o < params.o && k == KH * KW && wg.y == 0u) { db[o] = (*totals)[g]; }
    //#endif
  }
}
//#endif

@compute @workgroup_size(SUBGROUP)
fn sum_windows(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) lane: u32) {
  //#if ${WHOLE}
  var totals: Totals;
  for (var group = 0u; group < params.groups; group++) {
    var sums = Sums();
    sum_group(&sums, group, wg, lane);
    reduce(&sums, &totals, lane, 0u);
    if (SIZE > 8u * SUBGROUP) { reduce(&sums, &totals, lane, 8u); }
    if (SIZE > 16u * SUBGROUP) { reduce(&sums, &totals, lane, 16u); }
    if (SIZE > 24u * SUBGROUP) { reduce(&sums, &totals, lane, 24u); }
    if (SIZE > 32u * SUBGROUP) { reduce(&sums, &totals, lane, 32u); }
    if (SIZE > 40u * SUBGROUP) { reduce(&sums, &totals, lane, 40u); }
    if (SIZE > 48u * SUBGROUP) { reduce(&sums, &totals, lane, 48u); }
  }
  store(&totals, wg, lane, 0u);
  if (SIZE > 8u * SUBGROUP) { store(&totals, wg, lane, 8u); }
  if (SIZE > 16u * SUBGROUP) { store(&totals, wg, lane, 16u); }
  if (SIZE > 24u * SUBGROUP) { store(&totals, wg, lane, 24u); }
  if (SIZE > 32u * SUBGROUP) { store(&totals, wg, lane, 32u); }
  if (SIZE > 40u * SUBGROUP) { store(&totals, wg, lane, 40u); }
  if (SIZE > 48u * SUBGROUP) { store(&totals, wg, lane, 48u); }
  //#else
  var sums: Sums;
  sum_group(&sums, wg.x, wg, lane);
  let to = ((wg.x * params.i + wg.y) * params.blocks + wg.z) * SIZE;
  reduce(&sums, to, lane, 0u);
  if (SIZE > 8u * SUBGROUP) { reduce(&sums, to, lane, 8u); }
  if (SIZE > 16u * SUBGROUP) { reduce(&sums, to, lane, 16u); }
  if (SIZE > 24u * SUBGROUP) { reduce(&sums, to, lane, 24u); }
  if (SIZE > 32u * SUBGROUP) { reduce(&sums, to, lane, 32u); }
  if (SIZE > 40u * SUBGROUP) { reduce(&sums, to, lane, 40u); }
  if (SIZE > 48u * SUBGROUP) { reduce(&sums, to, lane, 48u); }
  //#endif
}

@compute @workgroup_size(WORKGROUP)
fn add_partials(id: Invocation) {
  let index = linear_index(id);
  let p = params;
  let weights = KH * KW * p.i * p.o;
  //#if ${BIAS}
  if (index >= weights + p.o) { return; }
  //#else
  if (index >= weights) { return; }
  //#endif
  let o = index % p.o;
  let i = select(0u, index / p.o % p.i, index < weights);
  let k = index / (p.o * p.i);
  let at = (i * p.blocks + o / CHANNELS) * SIZE + k * CHANNELS + o % CHANNELS;
  var sum = 0.0;
  for (var g = 0u; g < p.groups; g++) { sum += partial[at + g * p.i * p.blocks * SIZE]; }
  //#if ${BIAS}
  if (index >= weights) {
    db[o] = sum;
    return;
  }
  //#endif
  dw[index] = sum;
}
