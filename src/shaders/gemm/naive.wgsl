// Matrix product, the naive rung: one invocation an element, operands read element by element. It needs nothing of the
// adapter and takes every shape; the other rungs are checked against it. Also the second stage of a product whose sum
// over k was cut into slices. With several slices the first stage writes slice z of k to the z-th matrix of c.
//   c = activate(op(a) · op(b) + bias), or with SLOPED op(a) · op(b) times the slope of the activation whose result is y (m, n);
//   with RESIDUAL, which is (m, n) too, plus that
//   op(a) (m, k), stored (k, m) with TRANS_A     op(b) (k, n), stored (n, k) with TRANS_B     bias (n)     c (m, n)

alias Lanes = f32;
alias Bits = i32;

//#include "lib/invocation.wgsl"
//#include "lib/activate.wgsl"

struct Params {
  m: u32,
  n: u32,
  k: u32,
  slices: u32,  // of k, equal; partial products that `combine` adds
  apart: u32,   // elements from one of them to the next
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> c: array<f32>;
@group(0) @binding(5) var<storage, read> partial: array<f32>;
@group(0) @binding(6) var<storage, read> y: array<f32>;
@group(0) @binding(7) var<storage, read> residual: array<f32>;

fn finish(i: u32, sum: f32) {
  //#if ${SLOPED}
  c[i] = backpropagate(sum, y[i]);
  //#else
  var z = sum;
  //#if ${HAS_BIAS}
  z += bias[i % params.n];
  //#endif
  z = activate(z);
  //#if ${RESIDUAL}
  z += residual[i];
  //#endif
  c[i] = z;
  //#endif
}

@compute @workgroup_size(WORKGROUP)
fn multiply(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.m * params.n) { return; }
  let row = i / params.n;
  let column = i % params.n;
  var sum = 0.0;
  let length = params.k / params.slices;
  for (var k = id.wg.z * length; k < (id.wg.z + 1u) * length; k++) {
    var at_a = row * params.k + k;
    //#if ${TRANS_A}
    at_a = k * params.m + row;
    //#endif
    var at_b = k * params.n + column;
    //#if ${TRANS_B}
    at_b = column * params.k + k;
    //#endif
    sum += a[at_a] * b[at_b];
  }
  finish(id.wg.z * params.apart + i, sum);
}

@compute @workgroup_size(WORKGROUP)
fn combine(id: Invocation) {
  let i = linear_index(id);
  let elements = params.m * params.n;
  if (i >= elements) { return; }
  var sum = 0.0;
  for (var slice = 0u; slice < params.slices; slice++) {
    sum += partial[slice * params.apart + i];
  }
  finish(i, sum);
}
