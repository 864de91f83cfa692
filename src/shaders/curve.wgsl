// Activations whose slope needs what went in, element by element (ops/curve.ts lists them).
//   y = f(x)     dx = dy · f'(x)
//   x, y, dy, dx: any shape, the same

//#include "lib/invocation.wgsl"
//#include "lib/erf.wgsl"

alias Lanes = f32;
alias Bits = i32;

//#include "lib/nan.wgsl"

const KIND: u32 = 0u;  // place in the list of ops/curve.ts
const RECTIFIED: u32 = 0u;
const ELU: u32 = 1u;
const SELU: u32 = 2u;
const GELU: u32 = 3u;
const GELU_TANH: u32 = 4u;
const SILU: u32 = 5u;
const SOFTPLUS: u32 = 6u;
const SOFTSIGN: u32 = 7u;
const HARD_SIGMOID: u32 = 8u;
const HARD_SILU: u32 = 9u;
const EXPONENTIAL: u32 = 10u;
const MISH: u32 = 11u;
const LOG_SIGMOID: u32 = 12u;
const HARD_TANH: u32 = 13u;
const HARD_SHRINK: u32 = 14u;
const SOFT_SHRINK: u32 = 15u;
const TANH_SHRINK: u32 = 16u;
const SQUAREPLUS: u32 = 17u;
const SPARSE_PLUS: u32 = 18u;

const SELU_ALPHA: f32 = 1.6732632423543772;
const SELU_SCALE: f32 = 1.0507009873554805;
const ROOT_2_PI: f32 = 0.7978845608028654;      // √(2/π)
const INVERSE_ROOT_2: f32 = 0.7071067811865476;
const CUBIC: f32 = 0.044715;
const FAR: f32 = 87.0;                          // exp(−87) is the last normal float32

struct Params {
  elements: u32,
  stride: u32,     // from one element of an invocation to its next
  slope: f32,      // rectified: below the threshold; elu: alpha; hard_sigmoid, hard_silu: of the middle part
  threshold: f32,  // rectified, hard_shrink, soft_shrink
  most: f32,       // rectified
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

fn logistic(v: f32) -> f32 {
  return 1.0 / (1.0 + exp(-clamp(v, -FAR, FAR)));
}

// exp(v) − 1 for v ≤ 0, without the cancellation near 0.
fn expm1(v: f32) -> f32 {
  if (v > -0.1) { return v * (1.0 + v * (0.5 + v * (1.0 / 6.0 + v * (1.0 / 24.0 + v / 120.0)))); }
  return exp(max(v, -FAR)) - 1.0;
}

// log(1 + exp(v)).
fn softplus(v: f32) -> f32 {
  let small = exp(-min(abs(v), FAR));
  let series = small * (1.0 - small * (0.5 - small * (1.0 / 3.0 - small * 0.25)));
  return max(v, 0.0) + select(log(1.0 + small), series, small < 0.01);
}

// Φ(v), the share of the normal distribution below v; exactly 0 from where erf is −1, for it is multiplied by v.
fn normal_share(v: f32) -> f32 {
  return select(0.5 * (1.0 + erf(v * INVERSE_ROOT_2)), 0.0, v < -5.6);
}

// tanh(√(2/π) · (v + 0.044715 · v³)); some drivers' tanh divides ∞ by ∞ far out.
fn cubic_tanh(v: f32) -> f32 {
  let near = clamp(v, -7.0, 7.0);
  return tanh(ROOT_2_PI * (near + CUBIC * near * near * near));
}

// tanh(softplus(v)), as a quotient of polynomials of exp(v).
fn tanh_softplus(v: f32) -> f32 {
  let e = exp(clamp(v, -FAR, 20.0));
  let s = e * (e + 2.0);
  return select(s / (s + 2.0), 0.0, v < -FAR);
}

fn hard_sigmoid(v: f32) -> f32 {
  return clamp(params.slope * v + 0.5, 0.0, 1.0);
}

fn hard_slope(v: f32) -> f32 {
  let line = params.slope * v + 0.5;
  return select(0.0, params.slope, line > 0.0 && line < 1.0);
}

// x − tanh(x), by its series where the difference would be lost.
fn tanh_shrink(v: f32) -> f32 {
  let s = v * v;
  let series = v * s * (1.0 / 3.0 - s * (2.0 / 15.0 - s * (17.0 / 315.0 - s * 62.0 / 2835.0)));
  return select(v - tanh(clamp(v, -15.0, 15.0)), series, abs(v) < 0.25);
}

// √(v² + 4); the square of what is far out would be ∞.
fn square_root(v: f32) -> f32 {
  let near = clamp(v, -1e9, 1e9);
  return max(sqrt(near * near + 4.0), abs(v));
}

// (v + √(v² + 4)) / 2, without the cancellation below 0.
fn squareplus(v: f32) -> f32 {
  let root = square_root(v);
  return select(2.0 / (root - min(v, 0.0)), 0.5 * (root + v), v > 0.0);
}

fn value(v: f32) -> f32 {
  switch KIND {
    case RECTIFIED: {
      if (v >= params.most) { return params.most; }
      return select(params.slope * (v - params.threshold), v, v >= params.threshold);
    }
    case ELU: { return select(params.slope * expm1(min(v, 0.0)), v, v > 0.0); }
    case SELU: { return SELU_SCALE * select(SELU_ALPHA * expm1(min(v, 0.0)), v, v > 0.0); }
    case GELU: { return v * normal_share(v); }
    case GELU_TANH: { return 0.5 * v * (1.0 + cubic_tanh(v)); }
    case SILU: { return select(v * logistic(v), 0.0, v < -FAR); }
    case SOFTPLUS: { return softplus(v); }
    case SOFTSIGN: { return v / (1.0 + abs(v)); }
    case HARD_SIGMOID: { return hard_sigmoid(v); }
    case HARD_SILU: { return v * hard_sigmoid(v); }
    case EXPONENTIAL: { return exp(v); }
    case MISH: { return v * tanh_softplus(v); }
    case LOG_SIGMOID: { return -softplus(-v); }
    case HARD_TANH: { return clamp(v, -1.0, 1.0); }
    case HARD_SHRINK: { return select(0.0, v, abs(v) > params.threshold); }
    case SOFT_SHRINK: {
      return select(0.0, v - sign(v) * params.threshold, abs(v) > params.threshold);
    }
    case TANH_SHRINK: { return tanh_shrink(v); }
    case SQUAREPLUS: { return squareplus(v); }
    case SPARSE_PLUS: {
      let near = clamp(v, -1.0, 1.0) + 1.0;
      return select(0.25 * near * near, v, v >= 1.0);
    }
    default: { return v; }
  }
}

fn slope(v: f32) -> f32 {
  switch KIND {
    case RECTIFIED: {
      if (v >= params.most) { return 0.0; }
      // As Keras computes relu, so that its slope at 0 is 0.
      let above = v > params.threshold || (v == params.threshold && v != 0.0);
      return select(params.slope, 1.0, above);
    }
    case ELU: { return select(params.slope * exp(max(min(v, 0.0), -FAR)), 1.0, v > 0.0); }
    case SELU: { return SELU_SCALE * select(SELU_ALPHA * exp(max(min(v, 0.0), -FAR)), 1.0, v > 0.0); }
    case GELU: {
      let near = clamp(v, -13.0, 13.0);
      return normal_share(v) + near * exp(-0.5 * near * near) * 0.3989422804014327;
    }
    case GELU_TANH: {
      let t = cubic_tanh(v);
      let near = clamp(v, -7.0, 7.0);
      let inner = ROOT_2_PI * (1.0 + 3.0 * CUBIC * near * near);
      return 0.5 * (1.0 + t) + 0.5 * near * (1.0 - t * t) * inner;
    }
    case SILU: {
      let s = logistic(v);
      return s * (1.0 + clamp(v, -FAR, FAR) * (1.0 - s));
    }
    case SOFTPLUS: { return logistic(v); }
    case SOFTSIGN: {
      let below = 1.0 + abs(v);
      return 1.0 / (below * below);
    }
    case HARD_SIGMOID: { return hard_slope(v); }
    case HARD_SILU: { return hard_sigmoid(v) + v * hard_slope(v); }
    case EXPONENTIAL: { return exp(v); }
    case MISH: {
      let t = tanh_softplus(v);
      let near = clamp(v, -FAR, FAR);
      return t + near * (1.0 - t * t) * logistic(near);
    }
    case LOG_SIGMOID: { return logistic(-v); }
    case HARD_TANH: { return select(0.0, 1.0, abs(v) <= 1.0); }
    case HARD_SHRINK, SOFT_SHRINK: { return select(0.0, 1.0, abs(v) > params.threshold); }
    case TANH_SHRINK: {
      let t = tanh(clamp(v, -15.0, 15.0));
      return t * t;
    }
    case SQUAREPLUS: { return squareplus(v) / square_root(v); }
    case SPARSE_PLUS: { return 0.5 * (clamp(v, -1.0, 1.0) + 1.0); }
    default: { return 1.0; }
  }
}

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.elements; i += params.stride) { y[i] = or_nan(value(x[i]), x[i]); }
}

@compute @workgroup_size(WORKGROUP)
fn backward(id: Invocation) {
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.elements; i += params.stride) {
    dx[i] = or_nan(dy[i] * slope(x[i]), x[i]);
  }
}
