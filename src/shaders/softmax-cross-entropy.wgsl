// Softmax cross-entropy of rows of logits z against sparse labels, with what training wants to know of each row.
//   row_loss[n] = log Σ exp(z[n,·] − max z[n]) − (z[n,label] − max z[n])     loss = mean of row_loss
//   predicted[n] = the first k of the largest z[n,k]     row_hit[n] = 1 where that is the label
//   dlogits = (softmax(z) − onehot) / N
// HAS_ROW_WEIGHTS: row_loss and dlogits of a row are multiplied by its weight.
// HAS_SMOOTHING: a share s of the target is spread over all classes, onehot · (1 − s) + s / K, so
//   row_loss[n] = log Σ exp(z[n,·] − max z[n]) + Σ target · (max z[n] − z[n,·])     dlogits = (softmax(z) − target) / N
// IS_MIXED: the target of a row is λ · onehot of its label + (1 − λ) · onehot of its partner's, (λ, partner) = mixed[n], and a
// hit is a prediction of the label with the larger share. Smoothing comes after.
// COUNTED: adds the batch to the running sums of loss, hits and rows, as metrics.wgsl does; for one workgroup of a row a lane.
// DENSE: the work of the dense layer that gives z as well, for one workgroup of a row a lane, which then tells of its rows the loss
// and no more:
//   z = x · w + b     dx = dlogits · wᵀ, times the slope of the activation whose result is x     dw = xᵀ · dlogits     db = Σ dlogits
// Sums are in the order of gemm's: over inputs, classes and rows, from the first to the last.
// What all lanes need, weights of an input or slopes of a row, a subgroup loads together and hands round by shuffle.
// LANES neighbouring invocations share a row, as in softmax.wgsl. Sums are trees of fixed shape.

//#if ${DENSE}
enable subgroups;
diagnostic(off, subgroup_uniformity);
//#endif

//#include "lib/invocation.wgsl"
//#include "lib/lane-sum.wgsl"
//#include "lib/log-1-plus.wgsl"
//#include "lib/row-peak.wgsl"
//#if ${DENSE}

alias Lanes = f32;
alias Bits = i32;

//#include "lib/activate.wgsl"

const WORDS: u32 = 4u;     // vec4 words of classes
const SUBGROUP: u32 = 8u;  // a multiple of 4
const LOADS: u32 = (4u * WORDS + SUBGROUP - 1u) / SUBGROUP;
//#endif

const LANES: u32 = 16u;  // 1 to 64, a power of two

struct Params {
  rows: u32,     // N
  classes: u32,  // K
  smoothing: f32,
  //#if ${DENSE}
  inputs: u32,   // of the dense layer
  w_at: u32,     // where its weights and its biases begin in what is bound, and likewise their gradients
  b_at: u32,
  bound: u32,    // elements of that
  //#endif
}

@group(0) @binding(0) var<uniform> params: Params;
//#if ${DENSE}
var<workgroup> logits: array<f32, 64u * 4u * WORDS>;
var<workgroup> dlogits: array<f32, 64u * 4u * WORDS>;
//#else
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(6) var<storage, read_write> dlogits: array<f32>;
//#endif
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> row_loss: array<f32>;
@group(0) @binding(4) var<storage, read_write> row_hit: array<u32>;
@group(0) @binding(5) var<storage, read_write> predicted: array<u32>;
@group(0) @binding(7) var<storage, read> losses: array<f32>;
@group(0) @binding(8) var<storage, read_write> loss: array<f32>;
@group(0) @binding(9) var<storage, read> row_weights: array<f32>;
@group(0) @binding(10) var<storage, read> mixed: array<f32>;
@group(0) @binding(11) var<storage, read_write> loss_sum: array<f32>;
@group(0) @binding(12) var<storage, read_write> counts: array<u32>;  // hits, rows
@group(0) @binding(13) var<storage, read> x: array<f32>;
@group(0) @binding(14) var<storage, read> weights: array<f32>;
@group(0) @binding(15) var<storage, read_write> dx: array<f32>;
@group(0) @binding(16) var<storage, read_write> gradients: array<f32>;

const QUIET_NAN: u32 = 0x7fc00000u;

//#if ${DENSE}
alias Classes = array<vec4f, WORDS>;
alias Piece = array<f32, LOADS>;

// The weights of an input, or the biases; beyond the last class that one again.
fn load_weights(first: u32, lane: u32) -> Piece {
  var piece: Piece;
  for (var l = 0u; l < LOADS; l++) { piece[l] = weights[first + min(l * SUBGROUP + lane, params.classes - 1u)]; }
  return piece;
}

// dlogits of a row, zero beyond the last class.
fn load_slopes(start: u32, lane: u32) -> Piece {
  var piece: Piece;
  for (var l = 0u; l < LOADS; l++) { piece[l] = dlogits[start + min(l * SUBGROUP + lane, 4u * WORDS - 1u)]; }
  return piece;
}

fn word(piece: ptr<function, Piece>, v: u32) -> vec4f {
  let own = (*piece)[4u * v / SUBGROUP];
  let first = 4u * v % SUBGROUP;
  return vec4f(subgroupShuffle(own, first), subgroupShuffle(own, first + 1u),
    subgroupShuffle(own, first + 2u), subgroupShuffle(own, first + 3u));
}

fn multiply_row(n: u32, start: u32, lane: u32) {
  var sums = Classes();
  for (var i = 0u; i < params.inputs; i++) {
    let own = x[n * params.inputs + i];
    var piece = load_weights(params.w_at + i * params.classes, lane);
    for (var v = 0u; v < WORDS; v++) { sums[v] += own * word(&piece, v); }
  }
  //#if ${HAS_BIAS}
  var biases = load_weights(params.b_at, lane);
  for (var v = 0u; v < WORDS; v++) { sums[v] += word(&biases, v); }
  //#endif
  for (var v = 0u; v < WORDS; v++) {
    for (var s = 0u; s < 4u; s++) { logits[start + 4u * v + s] = sums[v][s]; }
  }
}

//#if ${HAS_DX}
fn backward_row(row: u32, start: u32, lane: u32) {
  var slopes = Classes();
  for (var v = 0u; v < WORDS; v++) {
    for (var s = 0u; s < 4u; s++) { slopes[v][s] = dlogits[start + 4u * v + s]; }
  }
  let first = min(row, params.rows - 1u) * params.inputs;
  for (var i = 0u; i < params.inputs; i++) {
    var piece = load_weights(params.w_at + i * params.classes, lane);
    var sum = 0.0;
    for (var v = 0u; v < WORDS; v++) {
      let factors = word(&piece, v);
      sum += slopes[v].x * factors.x;
      sum += slopes[v].y * factors.y;
      sum += slopes[v].z * factors.z;
      sum += slopes[v].w * factors.w;
    }
    let result = backpropagate(sum, x[first + i]);
    if (row < params.rows) { dx[first + i] = result; }
  }
}
//#endif

// An invocation an input.
fn sum_weight_gradients(local: u32, lane: u32) {
  for (var start = 0u; start < params.inputs; start += WORKGROUP) {
    let i = min(start + local, params.inputs - 1u);
    var sums = Classes();
    for (var n = 0u; n < params.rows; n++) {
      let own = x[n * params.inputs + i];
      var piece = load_slopes(n * 4u * WORDS, lane);
      for (var v = 0u; v < WORDS; v++) { sums[v] += own * word(&piece, v); }
    }
    for (var v = 0u; v < WORDS; v++) {
      for (var s = 0u; s < 4u; s++) {
        let k = 4u * v + s;
        if (start + local < params.inputs && k < params.classes) { gradients[params.w_at + i * params.classes + k] = sums[v][s]; }
      }
    }
  }
  //#if ${HAS_BIAS}
  if (local < params.classes) {
    var sum = 0.0;
    for (var n = 0u; n < params.rows; n++) { sum += dlogits[n * 4u * WORDS + local]; }
    gradients[params.b_at + local] = sum;
  }
  //#endif
  // What lies between stays zero.
  for (var at = local; at < params.bound; at += WORKGROUP) {
    let is_weight = at - params.w_at < params.inputs * params.classes;
    //#if ${HAS_BIAS}
    let is_bias = at - params.b_at < params.classes;
    //#else
    let is_bias = false;
    //#endif
    if (!(is_weight || is_bias)) { gradients[at] = 0.0; }
  }
}

//#endif
@compute @workgroup_size(WORKGROUP)
//#if ${DENSE}
fn forward(id: Invocation, @builtin(subgroup_invocation_id) subgroup_lane: u32) {
//#else
fn forward(id: Invocation) {
//#endif
  let lane = id.local % LANES;
  let row = group_index(id) * (WORKGROUP / LANES) + id.local / LANES;
  // Invocations past the last row repeat it, because every one must reach the barriers, but write nothing.
  let n = min(row, params.rows - 1u);
  //#if ${DENSE}
  let start = id.local * 4u * WORDS;
  multiply_row(n, start, subgroup_lane);
  //#else
  let start = n * params.classes;
  //#endif

  let first = min(lane, params.classes - 1u);
  var own = Peak(logits[start + first], first);
  for (var k = lane; k < params.classes; k += LANES) { own = higher(own, Peak(logits[start + k], k)); }
  let peak = row_peak(own, id.local);

  var rest = 0.0;
  for (var k = lane; k < params.classes; k += LANES) {
    // 0 at the peak; written so that a NaN or ∞ there is no number.
    let depth = logits[start + k] - peak.value;
    rest += select(exp(depth), depth, k == peak.index);
  }
  rest = sum_over(LANES, rest, id.local);
  //#if ${HAS_SMOOTHING}
  let share = params.smoothing / f32(params.classes);
  var depths = 0.0;
  for (var k = lane; k < params.classes; k += LANES) { depths += peak.value - logits[start + k]; }
  depths = sum_over(LANES, depths, id.local);
  //#endif
  var loss_here = 0.0;
  var is_hit = false;
  if (row < params.rows) {
    let label = labels[n];
    //#if ${IS_MIXED}
    let lambda = mixed[2u * n];
    let other = labels[u32(mixed[2u * n + 1u])];
    //#endif
    if (lane == 0u) {
      // A label that is no class makes the loss NaN, so that it cannot go unseen.
      var depth = bitcast<f32>(max(label, QUIET_NAN));
      if (label < params.classes) { depth = peak.value - logits[start + label]; }
      //#if ${IS_MIXED}
      var partners_depth = bitcast<f32>(max(other, QUIET_NAN));
      if (other < params.classes) { partners_depth = peak.value - logits[start + other]; }
      depth = lambda * depth + (1.0 - lambda) * partners_depth;
      //#endif
      //#if ${HAS_SMOOTHING}
      depth = depth * (1.0 - params.smoothing) + depths * share;
      //#endif
      loss_here = log_1_plus(rest) + depth;
      //#if ${HAS_ROW_WEIGHTS}
      loss_here *= row_weights[n];
      //#endif
      is_hit = label == peak.index;
      //#if ${IS_MIXED}
      is_hit = select(other, label, lambda >= 0.5) == peak.index;
      //#endif
      row_loss[n] = loss_here;
      //#if ${DENSE}
      //#else
      row_hit[n] = select(0u, 1u, is_hit);
      predicted[n] = peak.index;
      //#endif
    }
    //#if ${HAS_GRADIENT}
    for (var k = lane; k < params.classes; k += LANES) {
      let probability = exp(logits[start + k] - peak.value) / (1.0 + rest);
      //#if ${IS_MIXED}
      var expected = select(0.0, lambda, k == label) + select(0.0, 1.0 - lambda, k == other);
      //#if ${HAS_SMOOTHING}
      expected = expected * (1.0 - params.smoothing) + share;
      //#endif
      //#elif ${HAS_SMOOTHING}
      let expected = select(share, 1.0 - params.smoothing + share, k == label);
      //#else
      let expected = select(0.0, 1.0, k == label);
      //#endif
      dlogits[start + k] = (probability - expected) / f32(params.rows);
      //#if ${HAS_ROW_WEIGHTS}
      dlogits[start + k] *= row_weights[n];
      //#endif
    }
    //#endif
  }
  //#if ${HAS_DX}
  backward_row(row, start, subgroup_lane);
  //#endif
  //#if ${DENSE}
  workgroupBarrier();
  sum_weight_gradients(id.local, subgroup_lane);
  //#endif
  //#if ${COUNTED}
  let batch_loss = sum_over(WORKGROUP, loss_here, id.local);
  let hits = sum_over(WORKGROUP, select(0.0, 1.0, is_hit), id.local);
  if (id.local == 0u) {
    loss_sum[0] += batch_loss;
    counts[0] += u32(hits);
    counts[1] += params.rows;
  }
  //#endif
}

@compute @workgroup_size(64)
fn mean(@builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var n = local; n < params.rows; n += WORKGROUP) { sum += losses[n]; }
  sum = sum_over(WORKGROUP, sum, local);
  if (local == 0u) { loss[0] = sum / f32(params.rows); }
}
