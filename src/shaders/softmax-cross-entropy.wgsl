// Softmax cross-entropy of rows of logits z against sparse labels, with what training wants to know of each row.
//   row_loss[n] = log Σ exp(z[n,·] − max z[n]) − (z[n,label] − max z[n])     loss = mean of row_loss
//   predicted[n] = the first k of the largest z[n,k]     row_hit[n] = 1 where that is the label
//   dlogits = (softmax(z) − onehot) / N
// HAS_CLASS_WEIGHTS: row_loss and dlogits of a row are multiplied by the weight of its label.
// LANES neighbouring invocations share a row, as in softmax.wgsl. Sums are trees of fixed shape.

//#include "lib/invocation.wgsl"
//#include "lib/lane-sum.wgsl"

const LANES: u32 = 16u;  // 1 to 64, a power of two

struct Params {
  rows: u32,     // N
  classes: u32,  // K
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> row_loss: array<f32>;
@group(0) @binding(4) var<storage, read_write> row_hit: array<u32>;
@group(0) @binding(5) var<storage, read_write> predicted: array<u32>;
@group(0) @binding(6) var<storage, read_write> dlogits: array<f32>;
@group(0) @binding(7) var<storage, read> losses: array<f32>;
@group(0) @binding(8) var<storage, read_write> loss: array<f32>;
@group(0) @binding(9) var<storage, read> class_weights: array<f32>;

const QUIET_NAN: u32 = 0x7fc00000u;

struct Peak {
  value: f32,
  index: u32,
}

var<workgroup> peaks: array<Peak, 64>;

fn higher(a: Peak, b: Peak) -> Peak {
  if (b.value > a.value || (b.value == a.value && b.index < a.index)) { return b; }
  return a;
}

fn row_peak(own: Peak, local: u32) -> Peak {
  if (LANES == 1u) { return own; }
  peaks[local] = own;
  workgroupBarrier();
  for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
    if (local % LANES < stride) { peaks[local] = higher(peaks[local], peaks[local + stride]); }
    workgroupBarrier();
  }
  return peaks[local - local % LANES];
}

// log(1 + t), also for small t, where 1 + t rounds the digits away that a small loss consists of: the series of
// 2·artanh(t / (2 + t)), within 2e-8 of it up to t = 0.5.
fn log_1_plus(t: f32) -> f32 {
  if (t > 0.5) { return log(1.0 + t); }
  let r = t / (2.0 + t);
  let s = r * r;
  return 2.0 * r * (1.0 + s * (1.0 / 3.0 + s * (1.0 / 5.0 + s * (1.0 / 7.0 + s * (1.0 / 9.0)))));
}

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let lane = id.local % LANES;
  let row = group_index(id) * (WORKGROUP / LANES) + id.local / LANES;
  // Invocations past the last row repeat it, because every one must reach the barriers, but write nothing.
  let n = min(row, params.rows - 1u);
  let start = n * params.classes;

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
  if (row >= params.rows) { return; }

  let label = labels[n];
  if (lane == 0u) {
    // A label that is no class makes the loss NaN, so that it cannot go unseen.
    var depth = bitcast<f32>(max(label, QUIET_NAN));
    if (label < params.classes) { depth = peak.value - logits[start + label]; }
    row_loss[n] = log_1_plus(rest) + depth;
    //#if ${HAS_CLASS_WEIGHTS}
    row_loss[n] *= class_weights[min(label, params.classes - 1u)];
    //#endif
    row_hit[n] = select(0u, 1u, label == peak.index);
    predicted[n] = peak.index;
  }
  //#if ${HAS_GRADIENT}
  for (var k = lane; k < params.classes; k += LANES) {
    let probability = exp(logits[start + k] - peak.value) / (1.0 + rest);
    dlogits[start + k] = (probability - select(0.0, 1.0, k == label)) / f32(params.rows);
    //#if ${HAS_CLASS_WEIGHTS}
    dlogits[start + k] *= class_weights[min(label, params.classes - 1u)];
    //#endif
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
