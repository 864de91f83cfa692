// 2-D convolution, NHWC: the naive rung, one invocation for each element of the result. Takes every shape, and is what
// the other rungs are checked against.
//   y[n,oh,ow,o] = activate(b[o] + Σ x[n, oh·sh + kh − top, ow·sw + kw − left, i] · w[kh,kw,i,o])
//   x (N,H,W,I)   w (KH,KW,I,O)   b (O)   ->   y (N,OH,OW,O)

alias Lanes = f32;
alias Bits = i32;

//#include "lib/invocation.wgsl"
//#include "lib/conv-index.wgsl"
//#include "lib/conv-window.wgsl"
//#include "lib/activate.wgsl"

struct Params {
  n: u32,
  h: u32,
  w: u32,
  i: u32,
  kh: u32,
  kw: u32,
  oh: u32,
  ow: u32,
  o: u32,
  sh: u32,    // strides
  sw: u32,
  top: u32,   // padding before the first row and column
  left: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<f32>;
@group(0) @binding(7) var<storage, read_write> dw: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let index = linear_index(id);
  let p = params;
  if (index >= p.n * p.oh * p.ow * p.o) { return; }
  let o = index % p.o;
  let ow = index / p.o % p.ow;
  let oh = index / (p.o * p.ow) % p.oh;
  let n = index / (p.o * p.ow * p.oh);
  var sum = 0.0;
  //#if ${HAS_BIAS}
  sum = b[o];
  //#endif
  for (var kh = 0u; kh < p.kh; kh++) {
    let h = x_row(oh, kh);
    if (h >= p.h) { continue; }
    for (var kw = 0u; kw < p.kw; kw++) {
      let column = x_column(ow, kw);
      if (column >= p.w) { continue; }
      let from_x = x_index(n, h, column);
      let from_w = (kh * p.kw + kw) * p.i * p.o + o;
      for (var i = 0u; i < p.i; i++) {
        sum += x[from_x + i] * w[from_w + i * p.o];
      }
    }
  }
  y[index] = activate(sum);
}

// dx[n,h,w,i] = Σ dy[n,oh,ow,o] · w[kh,kw,i,o] over the windows that hold (h, w)
@compute @workgroup_size(WORKGROUP)
fn input_gradient(id: Invocation) {
  let index = linear_index(id);
  let p = params;
  if (index >= p.n * p.h * p.w * p.i) { return; }
  let i = index % p.i;
  let column = index / p.i % p.w;
  let h = index / (p.i * p.w) % p.h;
  let n = index / (p.i * p.w * p.h);
  var sum = 0.0;
  for (var kh = 0u; kh < p.kh; kh++) {
    let row = h + p.top - kh;
    let oh = row / p.sh;
    if (row % p.sh != 0u || oh >= p.oh) { continue; }
    for (var kw = 0u; kw < p.kw; kw++) {
      let across = column + p.left - kw;
      let ow = across / p.sw;
      if (across % p.sw != 0u || ow >= p.ow) { continue; }
      let from_dy = y_index(n, oh, ow);
      let from_w = ((kh * p.kw + kw) * p.i + i) * p.o;
      for (var o = 0u; o < p.o; o++) {
        sum += dy[from_dy + o] * w[from_w + o];
      }
    }
  }
  dx[index] = sum;
}

// dw[kh,kw,i,o] = Σ x[n, oh·sh + kh − top, ow·sw + kw − left, i] · dy[n,oh,ow,o]
@compute @workgroup_size(WORKGROUP)
fn weight_gradient(id: Invocation) {
  let index = linear_index(id);
  let p = params;
  if (index >= p.kh * p.kw * p.i * p.o) { return; }
  let o = index % p.o;
  let i = index / p.o % p.i;
  let kw = index / (p.o * p.i) % p.kw;
  let kh = index / (p.o * p.i * p.kw);
  var sum = 0.0;
  for (var n = 0u; n < p.n; n++) {
    for (var oh = 0u; oh < p.oh; oh++) {
      let h = x_row(oh, kh);
      if (h >= p.h) { continue; }
      var row = 0.0;  // summed apart, so that rounding grows with rows and columns, not with their product
      for (var ow = 0u; ow < p.ow; ow++) {
        let column = x_column(ow, kw);
        if (column >= p.w) { continue; }
        row += x[x_index(n, h, column) + i] * dy[y_index(n, oh, ow) + o];
      }
      sum += row;
    }
  }
  dw[index] = sum;
}
