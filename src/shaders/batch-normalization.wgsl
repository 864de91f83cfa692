// Batch normalisation over the rows of a matrix whose columns are the channels, forward and backward.
//   x, y, dy, dx: rows × C     gamma, beta, mean, variance, dgamma, dbeta: C     partial: slices × 2 × C
// The rows are dealt out to slices: slice s takes rows s, s + slices, …. An invocation takes one slice of four channels,
// or of one where C is no multiple of four. Sums are of slices first, then of the partial results, in a fixed order.

//#include "lib/invocation.wgsl"
//#include "lib/lanes.wgsl"
//#include "lib/activate.wgsl"

struct Params {
  rows: u32,
  channels: u32,  // C in units of Lanes; C itself in `combine_moments` and `combine_sums`
  slices: u32,    // that share the rows; in `combine_…`: of partial
  width: u32,     // of `combine_…`: channels of a workgroup, a power of two; WORKGROUP / width invocations share each
  epsilon: f32,
  momentum: f32,
  one_minus_momentum: f32,
  correction: f32,  // times the batch's variance is what the moving variance takes up
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Lanes>;
@group(0) @binding(2) var<storage, read> gamma: array<Lanes>;
@group(0) @binding(3) var<storage, read> beta: array<Lanes>;
@group(0) @binding(4) var<storage, read> mean: array<Lanes>;
@group(0) @binding(5) var<storage, read> variance: array<Lanes>;
@group(0) @binding(6) var<storage, read_write> y: array<Lanes>;
@group(0) @binding(7) var<storage, read_write> partial: array<Lanes>;
@group(0) @binding(8) var<storage, read> partials: array<f32>;
@group(0) @binding(9) var<storage, read_write> batch_mean: array<f32>;
@group(0) @binding(10) var<storage, read_write> batch_variance: array<f32>;
@group(0) @binding(11) var<storage, read_write> moving_mean: array<f32>;
@group(0) @binding(12) var<storage, read_write> moving_variance: array<f32>;
@group(0) @binding(13) var<storage, read> dy: array<Lanes>;
@group(0) @binding(14) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(15) var<storage, read_write> dbeta: array<f32>;
@group(0) @binding(16) var<storage, read> sum_dy_xhat: array<Lanes>;
@group(0) @binding(17) var<storage, read> sum_dy: array<Lanes>;
@group(0) @binding(18) var<storage, read_write> dx: array<Lanes>;

struct Slice {
  c: u32,
  s: u32,
  rows: u32,    // of the slice; none for excess invocations
  index: u32,   // of its first element
  stride: u32,  // elements from row to row of the slice
}

fn slice_of(id: Invocation) -> Slice {
  let i = linear_index(id);
  let s = i / params.channels;
  return Slice(i - s * params.channels, s, rows_of(s), i, params.slices * params.channels);
}

fn rows_of(s: u32) -> u32 {
  return select(0u, (params.rows - s + params.slices - 1u) / params.slices, s < params.slices);
}

fn inverse_deviation(c: u32) -> Lanes {
  return 1.0 / sqrt(variance[c] + params.epsilon);
}

// Mean, and sum of squared deviations from it, of each slice. Sums are of differences to the slice's first element: as
// that is one of the data, what cancels in the sum of squares is never much larger than the result.
@compute @workgroup_size(WORKGROUP)
fn moments(id: Invocation) {
  let at = slice_of(id);
  if (at.rows == 0u) { return; }
  let origin = x[at.index];
  var sum = Lanes(0);
  var squares = Lanes(0);
  var index = at.index;
  for (var row = 1u; row < at.rows; row++) {
    index += at.stride;
    let d = x[index] - origin;
    sum += d;
    squares += d * d;
  }
  let mean_difference = sum / f32(at.rows);
  partial[2u * at.s * params.channels + at.c] = origin + mean_difference;
  let deviation = squares - sum * mean_difference;
  partial[(2u * at.s + 1u) * params.channels + at.c] = or_nan(max(deviation, Lanes(0)), deviation);
}

struct Moments {
  count: f32,
  mean: f32,
  deviation: f32,  // sum of squared deviations from the mean
}

// Chan, Golub and LeVeque (1983): the moments of two samples together.
fn merged(a: Moments, b: Moments) -> Moments {
  if (a.count == 0.0) { return b; }
  if (b.count == 0.0) { return a; }
  let count = a.count + b.count;
  let difference = b.mean - a.mean;
  let share = b.count / count;
  return Moments(
    count,
    a.mean + difference * share,
    a.deviation + b.deviation + difference * difference * a.count * share,
  );
}

var<workgroup> shared_moments: array<Moments, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn combine_moments(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let c = wg.x * params.width + local % params.width;
  var all = Moments(0.0, 0.0, 0.0);
  if (c < params.channels) {
    for (var s = local / params.width; s < params.slices; s += WORKGROUP / params.width) {
      let at = 2u * s * params.channels + c;
      let part = Moments(f32(rows_of(s)), partials[at], partials[at + params.channels]);
      all = merged(all, part);
    }
  }
  shared_moments[local] = all;
  for (var half = WORKGROUP / 2u; half >= params.width; half /= 2u) {
    workgroupBarrier();
    if (local < half) {
      shared_moments[local] = merged(shared_moments[local], shared_moments[local + half]);
    }
  }
  if (local >= params.width || c >= params.channels) { return; }
  let batch = shared_moments[local];
  let batch_var = batch.deviation / batch.count;
  batch_mean[c] = batch.mean;
  batch_variance[c] = batch_var;
  moving_mean[c] = moving_mean[c] * params.momentum + batch.mean * params.one_minus_momentum;
  moving_variance[c] = moving_variance[c] * params.momentum
    + batch_var * params.correction * params.one_minus_momentum;
}

@compute @workgroup_size(WORKGROUP)
fn normalize(id: Invocation) {
  let at = slice_of(id);
  if (at.rows == 0u) { return; }
  let center = mean[at.c];
  var factor = inverse_deviation(at.c);
//#if ${SCALE}
  factor *= gamma[at.c];
//#endif
  var offset = Lanes(0);
//#if ${CENTER}
  offset = beta[at.c];
//#endif
  var index = at.index;
  for (var row = 0u; row < at.rows; row++) {
    y[index] = activate((x[index] - center) * factor + offset);
    index += at.stride;
  }
}

// Σ dy and Σ dy·xhat of each slice.
@compute @workgroup_size(WORKGROUP)
fn sums(id: Invocation) {
  let at = slice_of(id);
  if (at.rows == 0u) { return; }
  let center = mean[at.c];
  var sum = Lanes(0);
  var products = Lanes(0);
  var index = at.index;
  for (var row = 0u; row < at.rows; row++) {
    let gradient = dy[index];
    sum += gradient;
    products += gradient * (x[index] - center);
    index += at.stride;
  }
  partial[2u * at.s * params.channels + at.c] = sum;
  partial[(2u * at.s + 1u) * params.channels + at.c] = products * inverse_deviation(at.c);
}

var<workgroup> shared_sums: array<vec2f, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn combine_sums(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let c = wg.x * params.width + local % params.width;
  var all = vec2f(0.0);
  if (c < params.channels) {
    for (var s = local / params.width; s < params.slices; s += WORKGROUP / params.width) {
      let at = 2u * s * params.channels + c;
      all += vec2f(partials[at], partials[at + params.channels]);
    }
  }
  shared_sums[local] = all;
  for (var half = WORKGROUP / 2u; half >= params.width; half /= 2u) {
    workgroupBarrier();
    if (local < half) { shared_sums[local] += shared_sums[local + half]; }
  }
  if (local >= params.width || c >= params.channels) { return; }
  dbeta[c] = shared_sums[local].x;
  dgamma[c] = shared_sums[local].y;
}

// Training: dx = gamma·istd · (dy − (Σdy + xhat·Σ(dy·xhat)) / rows). Inference: dx = gamma·istd · dy.
@compute @workgroup_size(WORKGROUP)
fn input_gradient(id: Invocation) {
  let at = slice_of(id);
  if (at.rows == 0u) { return; }
  let inverse = inverse_deviation(at.c);
  var factor = inverse;
//#if ${SCALE}
  factor *= gamma[at.c];
//#endif
  var index = at.index;
//#if ${TRAINING}
  let center = mean[at.c];
  let level = sum_dy[at.c] / f32(params.rows);
  let slope = sum_dy_xhat[at.c] * inverse / f32(params.rows);
  for (var row = 0u; row < at.rows; row++) {
    dx[index] = factor * (dy[index] - level - (x[index] - center) * slope);
    index += at.stride;
  }
//#else
  for (var row = 0u; row < at.rows; row++) {
    dx[index] = factor * dy[index];
    index += at.stride;
  }
//#endif
}
