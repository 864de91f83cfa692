// Adds one batch to the running sums of loss, hits and rows, and to the confusion matrix. One workgroup, in a fixed
// order, so that the sums are the same on every run. (Kahan's compensation is no use here: drivers simplify it away. Plain
// float32 is good to about 1e-6 over an epoch of a thousand batches.)
// HAS_ERRORS: of numbers there are no hits, but errors to sum.
//   row_loss (N)  row_hit (N) or row_error (N)  labels (N)  predicted (N)  penalty ()
//   loss_sum (1)   error_sum (1)   counts (hits, rows)   confusion (K, K) [label, predicted]

struct Params {
  batch: u32,
  classes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> row_loss: array<f32>;
@group(0) @binding(2) var<storage, read> row_hit: array<u32>;
@group(0) @binding(3) var<storage, read> labels: array<u32>;
@group(0) @binding(4) var<storage, read> predicted: array<u32>;
@group(0) @binding(5) var<storage, read> penalty: array<f32>;
@group(0) @binding(6) var<storage, read_write> loss_sum: array<f32>;
@group(0) @binding(7) var<storage, read_write> counts: array<u32>;
@group(0) @binding(8) var<storage, read_write> confusion: array<u32>;
@group(0) @binding(9) var<storage, read> row_error: array<f32>;
@group(0) @binding(10) var<storage, read_write> error_sum: array<f32>;

const LANES: u32 = 64u;
var<workgroup> losses: array<f32, 64>;
//#if ${HAS_ERRORS}
var<workgroup> errors: array<f32, 64>;
//#else
var<workgroup> hits: array<u32, 64>;
//#endif

@compute @workgroup_size(64)
fn accumulate(@builtin(local_invocation_index) lane: u32) {
  var loss = 0.0;
  //#if ${HAS_ERRORS}
  var error = 0.0;
  //#else
  var hit = 0u;
  //#endif
  for (var n = lane; n < params.batch; n += LANES) {
    loss += row_loss[n];
    //#if ${HAS_ERRORS}
    error += row_error[n];
    //#else
    hit += row_hit[n];
    //#endif
  }
  losses[lane] = loss;
  //#if ${HAS_ERRORS}
  errors[lane] = error;
  //#else
  hits[lane] = hit;
  //#endif
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      losses[lane] += losses[lane + half];
      //#if ${HAS_ERRORS}
      errors[lane] += errors[lane + half];
      //#else
      hits[lane] += hits[lane + half];
      //#endif
    }
    workgroupBarrier();
  }
  if (lane > 0u) { return; }
  var batch_loss = losses[0];
//#if ${HAS_PENALTY}
  batch_loss += penalty[0] * f32(params.batch);
//#endif
  loss_sum[0] += batch_loss;
  //#if ${HAS_ERRORS}
  error_sum[0] += errors[0];
  //#else
  counts[0] += hits[0];
  //#endif
  counts[1] += params.batch;
}

// One invocation a class, each walking the whole batch for its own label: no atomics are needed.
@compute @workgroup_size(64)
fn count_confusion(@builtin(global_invocation_id) id: vec3u) {
  let label = id.x;
  if (label >= params.classes) { return; }
  for (var n = 0u; n < params.batch; n++) {
    if (labels[n] == label) {
      confusion[label * params.classes + predicted[n]] += 1u;
    }
  }
}
