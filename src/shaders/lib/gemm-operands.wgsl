// What a matrix product in words reads and writes: c = activate(op(a) · op(b) + bias), with RESIDUAL plus that, or with SLOPED
// op(a) · op(b) times the slope of the activation whose result is y; shapes as in gemm/naive.wgsl. VEC_A, VEC_B, VEC_C: rows of the stored matrix are
// whole vec4 words.

alias Lanes = vec4f;
alias Bits = vec4i;

//#include "lib/activate.wgsl"

struct Params {
  m: u32,
  n: u32,
  k: u32,
  slice: u32,  // steps of k in a slice; slice z goes to the z-th matrix of c
}

@group(0) @binding(0) var<uniform> params: Params;
//#if ${VEC_A}
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
//#else
@group(0) @binding(1) var<storage, read> a: array<f32>;
//#endif
//#if ${VEC_B}
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
//#else
@group(0) @binding(2) var<storage, read> b: array<f32>;
//#endif
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
//#if ${VEC_C}
@group(0) @binding(4) var<storage, read_write> c: array<vec4f>;
//#else
@group(0) @binding(4) var<storage, read_write> c: array<f32>;
//#endif

//#if ${VEC_C}
@group(0) @binding(5) var<storage, read> y: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> column_sums: array<vec4f>;
@group(0) @binding(7) var<storage, read> residual: array<vec4f>;
//#else
@group(0) @binding(5) var<storage, read> y: array<f32>;
@group(0) @binding(6) var<storage, read_write> column_sums: array<f32>;
@group(0) @binding(7) var<storage, read> residual: array<f32>;
//#endif

//#if ${SLOPED}
// A word of y where the product has one.
fn beside(row: u32, column: u32) -> vec4f {
  let first = min(row, params.m - 1u) * params.n;
  //#if ${VEC_C}
  return y[(first + min(column, params.n - 4u)) / 4u];
  //#else
  let last = params.n - 1u;
  return vec4f(y[first + min(column, last)], y[first + min(column + 1u, last)],
    y[first + min(column + 2u, last)], y[first + min(column + 3u, last)]);
  //#endif
}
//#elif ${RESIDUAL}
// The same of the residual.
fn beside(row: u32, column: u32) -> vec4f {
  let first = min(row, params.m - 1u) * params.n;
  //#if ${VEC_C}
  return residual[(first + min(column, params.n - 4u)) / 4u];
  //#else
  let last = params.n - 1u;
  return vec4f(residual[first + min(column, last)], residual[first + min(column + 1u, last)],
    residual[first + min(column + 2u, last)], residual[first + min(column + 3u, last)]);
  //#endif
}
//#endif

// What becomes of a word of the product.
fn finish(row: u32, column: u32, sum: vec4f) -> vec4f {
  //#if ${SLOPED}
  return backpropagate(sum, beside(row, column));
  //#else
  var z = sum;
  //#if ${HAS_BIAS}
  z += bias[min(column, params.n - 1u) / 4u];
  //#endif
  z = activate(z);
  //#if ${RESIDUAL}
  z += beside(row, column);
  //#endif
  return z;
  //#endif
}

// A word of the sums of columns, as much of it as lies within.
fn store_sums(column: u32, value: vec4f) {
  if (column >= params.n) { return; }
  //#if ${VEC_C}
  column_sums[column / 4u] = value;
  //#else
  column_sums[column] = value.x;
  if (column + 1u < params.n) { column_sums[column + 1u] = value.y; }
  if (column + 2u < params.n) { column_sums[column + 2u] = value.z; }
  if (column + 3u < params.n) { column_sums[column + 3u] = value.w; }
  //#endif
}

// A word of c, as much of it as lies within.
fn store(row: u32, column: u32, slice: u32, value: vec4f) {
  if (row >= params.m || column >= params.n) { return; }
  let at = (slice * params.m + row) * params.n + column;
  //#if ${VEC_C}
  c[at / 4u] = value;
  //#else
  c[at] = value.x;
  if (column + 1u < params.n) { c[at + 1u] = value.y; }
  if (column + 2u < params.n) { c[at + 2u] = value.z; }
  if (column + 3u < params.n) { c[at + 3u] = value.w; }
  //#endif
}
