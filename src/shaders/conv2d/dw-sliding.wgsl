// Gradient of a convolution's weights, the sliding rung: a lane has one input channel, and holds for it all KH·KW·CHANNELS sums
// in registers. It goes across ROWS rows of dy at once, the window of x that they see sliding along: a column costs KH + (ROWS − 1)·STEP
// reads of x, and of dy one read a lane, spread by shuffles, for KH·KW·CHANNELS·ROWS multiply-adds. Lanes have nothing to add up.
// Needs subgroups of the known size SUBGROUP, and filters in words.
//   x (N,H,W,I)   dy (N,OH,OW,O)   ->   dw (KH,KW,I,O)
//   BIAS: db[o] = Σ dy[n,oh,ow,o] besides, a further row of CHANNELS sums; of the first input channel, though each has them
//   WHOLE: a workgroup has all images, and writes dw and db; otherwise partial (groups, KH·KW·I + BIAS, O), which a second
//   dispatch adds up, in a fixed order. PART images have sums of their own, so that none grows long.

enable subgroups;
diagnostic(off, subgroup_uniformity);

//#include "lib/invocation.wgsl"
//#include "lib/conv-index.wgsl"
//#include "lib/slid-window.wgsl"

const SUBGROUP: u32 = 8u;
const KH: u32 = 3u;
const KW: u32 = 3u;
const CHANNELS: u32 = 16u; // filters of a lane, in words
const STRIDE: u32 = 1u;    // across
const STEP: u32 = 1u;      // down
const ROWS: u32 = 4u;      // of dy at a turn
const PART: u32 = 8u;      // images
const SPAN = (ROWS - 1u) * STEP + KH; // rows of x that their windows see
const WORDS = CHANNELS / 4u;
const LANE_WORDS = (ROWS * WORDS + SUBGROUP - 1u) / SUBGROUP;
//#if ${BIAS}
const TAPS = KH * KW + 1u;
//#else
const TAPS = KH * KW;
//#endif

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
  images: u32, // of a group
  groups: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dw: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> db: array<vec4f>;

alias Sums = array<f32, TAPS * CHANNELS>;
alias Totals = array<vec4f, TAPS * WORDS>;

// ROWS rows of dy from row oh on, at one column: their words spread over the lanes, and then all of them in each. Zero past the last row.
fn read_slopes(slopes: ptr<function, Slopes>, at: vec3u, first: u32, lane: u32) {
  var words: array<vec4f, LANE_WORDS>;
  for (var v = 0u; v < LANE_WORDS; v++) {
    let e = v * SUBGROUP + lane;
    let oh = at.y + e / WORDS;
    let o = min(first + e % WORDS * 4u, params.o - 4u);
    let word = dy[(y_index(at.x, min(oh, params.oh - 1u), at.z) + o) / 4u];
    words[v] = select(vec4f(), word, oh < params.oh);
  }
  for (var r = 0u; r < ROWS; r++) {
    for (var c = 0u; c < CHANNELS; c++) {
      let e = r * WORDS + c / 4u;
      (*slopes)[r][c] = subgroupShuffle(words[e / SUBGROUP][c % 4u], e % SUBGROUP);
    }
  }
}

// The sums of ROWS rows of dy, from row oh on.
fn sum_rows(sums: ptr<function, Sums>, n: u32, oh: u32, i: u32, first: u32, lane: u32) {
  let p = params;
  let h = oh * STEP - p.top;
  var window: Window;
  for (var kh = 0u; kh < SPAN; kh++) {
    for (var k = STRIDE; k < KW; k++) { window[kh][k] = input(n, h + kh, k - STRIDE - p.left, i); }
  }
  for (var ow = 0u; ow < p.ow; ow++) {
    let at = ow * STRIDE - p.left;
    for (var kh = 0u; kh < SPAN; kh++) {
      for (var k = 0u; k + STRIDE < KW; k++) { window[kh][k] = window[kh][k + STRIDE]; }
      for (var k = max(KW, STRIDE) - STRIDE; k < KW; k++) { window[kh][k] = input(n, h + kh, at + k, i); }
    }
    var slopes: Slopes;
    read_slopes(&slopes, vec3u(n, oh, ow), first, lane);
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

fn add_up(totals: ptr<function, Totals>, sums: ptr<function, Sums>, start: u32) {
  for (var t = start; t < min(start + 16u, TAPS * WORDS); t++) {
    let s = t * 4u;
    (*totals)[t] += vec4f((*sums)[s], (*sums)[s + 1u], (*sums)[s + 2u], (*sums)[s + 3u]);
  }
}

// Word t is of place t / WORDS of the window, row by row; the last place is the bias.
fn store(totals: ptr<function, Totals>, group: u32, i: u32, first: u32, start: u32) {
  let words = params.o / 4u;
  for (var t = start; t < min(start + 16u, TAPS * WORDS); t++) {
    let k = t / WORDS;
    let word = first / 4u + t % WORDS;
    if (word < words && i < params.i && k < KH * KW) {
      //#if ${WHOLE}
      dw[(k * params.i + i) * words + word] = (*totals)[t];
      //#else
      partial[(group * rows_of_group() + k * params.i + i) * words + word] = (*totals)[t];
      //#endif
    }
    //#if ${BIAS}
    if (word < words && i == 0u && k == KH * KW) {
      //#if ${WHOLE}
      db[word] = (*totals)[t];
      //#else
      partial[(group * rows_of_group() + KH * KW * params.i) * words + word] = (*totals)[t];
      //#endif
    }
    //#endif
  }
}

fn rows_of_group() -> u32 {
  return KH * KW * params.i + TAPS - KH * KW;
}

@compute @workgroup_size(SUBGROUP)
fn sum_windows(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) lane: u32) {
  let p = params;
  let i = wg.y * SUBGROUP + lane;
  let first = wg.z * CHANNELS;
  var totals: Totals;
  let end = min((wg.x + 1u) * p.images, p.n);
  for (var part = wg.x * p.images; part < end; part += PART) {
    var sums = Sums();
    for (var n = part; n < min(part + PART, end); n++) {
      for (var oh = 0u; oh < p.oh; oh += ROWS) { sum_rows(&sums, n, oh, min(i, p.i - 1u), first, lane); }
    }
    add_up(&totals, &sums, 0u);
    if (TAPS * WORDS > 16u) { add_up(&totals, &sums, 16u); }
    if (TAPS * WORDS > 32u) { add_up(&totals, &sums, 32u); }
    if (TAPS * WORDS > 48u) { add_up(&totals, &sums, 48u); }
  }
  store(&totals, wg.x, i, first, 0u);
  if (TAPS * WORDS > 16u) { store(&totals, wg.x, i, first, 16u); }
  if (TAPS * WORDS > 32u) { store(&totals, wg.x, i, first, 32u); }
  if (TAPS * WORDS > 48u) { store(&totals, wg.x, i, first, 48u); }
}

@compute @workgroup_size(WORKGROUP)
fn add_groups(id: Invocation) {
  let index = linear_index(id);
  let words = params.o / 4u;
  let elements = rows_of_group() * words;
  if (index >= elements) { return; }
  var sum = vec4f();
  for (var g = 0u; g < params.groups; g++) { sum += partial[g * elements + index]; }
  let weights = KH * KW * params.i * words;
  //#if ${BIAS}
  if (index >= weights) {
    db[index - weights] = sum;
    return;
  }
  //#endif
  dw[index] = sum;
}
