// What a matrix product in words reads and writes: c = activate(op(a) · op(b) + bias), shapes as in gemm/naive.wgsl. VEC_A,
// VEC_B, VEC_C: rows of the stored matrix are whole vec4 words.

struct Params {
  m: u32,
  n: u32,
  k: u32,
  slice: u32,  // steps of k in a slice; slice z goes to the z-th matrix of c
}

alias Lanes = vec4f;
alias Bits = vec4i;

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
