// A loss of each element y against its target t, averaged over the elements of a row.
//   row_loss[n] = 1/E · Σ loss(y[n,·], t[n,·])     dy = loss'(y, t) / (E · N)
//   squared        (y − t)²                                          2 · (y − t)
//   absolute       |y − t|                                           sign(y − t)
//   huber          (y − t)² / 2 where |y − t| ≤ δ,                   y − t, within ±δ
//                  else δ · |y − t| − δ² / 2
//   cross_entropy  −t · log p − (1 − t) · log(1 − p)                 (p − t) / (p · (1 − p)), 0 where p was limited
//   IS_LOGIT: y is the input of the sigmoid that p is the output of; the cross-entropy is then
//                  max(y, 0) − y · t + log(1 + exp(−|y|))            p − t
//   else p is y, limited to 1e-7 … 1 − 1e-7 as Keras limits it.
// HAS_LABELS: t is 1 at the label and 0 elsewhere; with one element it is the label itself, 0 or 1. Then
//   predicted[n] = the first k of the largest y[n,k]; with one element whether p > 1/2     row_hit[n] = 1 where that is the label
// else t = targets[n,·], and row_error[n] = 1/E · Σ |p − t|.
// IS_MIXED, with labels: t is λ · t of the row's label + (1 − λ) · t of its partner's, (λ, partner) = mixed[n], and a hit is a
// prediction of the label with the larger share.
// The cross-entropy takes t · (1 − s) + s / 2 for t (label smoothing). HAS_ROW_WEIGHTS: row_loss and dy of a row are multiplied
// by its weight. LANES neighbouring invocations share a row, as in softmax.wgsl. Sums are trees of fixed shape.

//#include "lib/invocation.wgsl"
//#include "lib/lane-sum.wgsl"
//#include "lib/log-1-plus.wgsl"
//#include "lib/row-peak.wgsl"

const LANES: u32 = 16u;  // 1 to 64, a power of two

struct Params {
  rows: u32,      // N
  elements: u32,  // E
  kind: u32,      // SQUARED …
  smoothing: f32,
  delta: f32,
  is_logit: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> targets: array<f32>;
@group(0) @binding(4) var<storage, read> row_weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> row_loss: array<f32>;
@group(0) @binding(6) var<storage, read_write> row_hit: array<u32>;
@group(0) @binding(7) var<storage, read_write> predicted: array<u32>;
@group(0) @binding(8) var<storage, read_write> row_error: array<f32>;
@group(0) @binding(9) var<storage, read_write> dy: array<f32>;
@group(0) @binding(10) var<storage, read> mixed: array<f32>;

const SQUARED: u32 = 0u;
const ABSOLUTE: u32 = 1u;
const HUBER: u32 = 2u;

const LEAST: f32 = 1e-7;
const QUIET_NAN: u32 = 0x7fc00000u;

//#if ${HAS_LABELS}
fn target_by(label: u32, k: u32) -> f32 {
  if (label >= max(params.elements, 2u)) { return bitcast<f32>(max(label, QUIET_NAN)); }
  return select(select(0.0, 1.0, label == k), f32(label), params.elements == 1u);
}
//#endif

fn target_of(n: u32, k: u32) -> f32 {
  //#if ${IS_MIXED}
  let own = mixed[2u * n];
  let partner = u32(mixed[2u * n + 1u]);
  return own * target_by(labels[n], k) + (1.0 - own) * target_by(labels[partner], k);
  //#elif ${HAS_LABELS}
  return target_by(labels[n], k);
  //#else
  return targets[n * params.elements + k];
  //#endif
}

fn sigmoid(z: f32) -> f32 {
  let e = exp(-abs(z));
  return select(e, 1.0, z >= 0.0) / (1.0 + e);
}

fn output_of(value: f32) -> f32 {
  if (params.is_logit == 0u) { return value; }
  return sigmoid(value);
}

struct Term {
  loss: f32,
  slope: f32,
}

fn cross_entropy(value: f32, plain: f32) -> Term {
  let t = plain * (1.0 - params.smoothing) + 0.5 * params.smoothing;
  if (params.is_logit == 1u) {
    let loss = max(value, 0.0) - value * t + log_1_plus(exp(-abs(value)));
    return Term(loss, sigmoid(value) - t);
  }
  let p = min(max(value, LEAST), 1.0 - LEAST);
  let slope = select(0.0, (p - t) / (p * (1.0 - p)), p == value);
  return Term(-t * log(p) - (1.0 - t) * log(1.0 - p), slope);
}

fn term(value: f32, t: f32) -> Term {
  let d = value - t;
  if (params.kind == SQUARED) { return Term(d * d, 2.0 * d); }
  if (params.kind == ABSOLUTE) { return Term(abs(d), sign(d)); }
  if (params.kind == HUBER) {
    let far = params.delta * abs(d) - 0.5 * params.delta * params.delta;
    return Term(select(far, 0.5 * d * d, abs(d) <= params.delta), clamp(d, -params.delta, params.delta));
  }
  return cross_entropy(value, t);
}

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let lane = id.local % LANES;
  let row = group_index(id) * (WORKGROUP / LANES) + id.local / LANES;
  // Invocations past the last row repeat it, because every one must reach the barriers, but write nothing.
  let n = min(row, params.rows - 1u);
  let start = n * params.elements;
  var weight = 1.0;
  //#if ${HAS_ROW_WEIGHTS}
  weight = row_weights[n];
  //#endif

  var sum = 0.0;
  var errors = 0.0;
  for (var k = lane; k < params.elements; k += LANES) {
    let t = target_of(n, k);
    let value = y[start + k];
    let own = term(value, t);
    sum += own.loss;
    errors += abs(output_of(value) - t);
    //#if ${HAS_GRADIENT}
    if (row < params.rows) {
      dy[start + k] = own.slope * weight / (f32(params.elements) * f32(params.rows));
    }
    //#endif
  }
  sum = sum_over(LANES, sum, id.local);
  //#if ${HAS_LABELS}
  let first = min(lane, params.elements - 1u);
  var highest = Peak(y[start + first], first);
  for (var k = lane; k < params.elements; k += LANES) { highest = higher(highest, Peak(y[start + k], k)); }
  highest = row_peak(highest, id.local);
  //#else
  errors = sum_over(LANES, errors, id.local);
  //#endif
  if (row >= params.rows || lane > 0u) { return; }

  row_loss[n] = weight * sum / f32(params.elements);
  //#if ${HAS_LABELS}
  var found = highest.index;
  if (params.elements == 1u) { found = select(0u, 1u, output_of(highest.value) > 0.5); }
  predicted[n] = found;
  var label = labels[n];
  //#if ${IS_MIXED}
  if (mixed[2u * n] < 0.5) { label = labels[u32(mixed[2u * n + 1u])]; }
  //#endif
  row_hit[n] = select(0u, 1u, found == label);
  //#else
  row_error[n] = errors / f32(params.elements);
  //#endif
}
