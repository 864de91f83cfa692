// Packs the weights of a convolution for subgroup.wgsl: filters in blocks of `channels`, and within a block, for
// each row of the window and each input channel, KW·channels weights padded with zeros to `stride`.
//   packed[block, kh, i, kw·channels + c] = w[kh, kw, i, block·channels + c]
//   w (KH,KW,I,O); TRANSPOSED turns it into the convolution that gives the input gradient: rows and columns of the
//   window are reversed, and the roles of I and O exchanged.

//#include "lib/invocation.wgsl"

struct Params {
  blocks: u32,
  kh: u32,
  kw: u32,
  i: u32,         // input channels of the packed convolution
  o: u32,         // output channels of the packed convolution
  channels: u32,
  stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> packed: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn pack(id: Invocation) {
  let index = linear_index(id);
  let p = params;
  let e = index % p.stride;
  let i = index / p.stride % p.i;
  let kh = index / (p.stride * p.i) % p.kh;
  let block = index / (p.stride * p.i * p.kh);
  if (block >= p.blocks) { return; }
  let kw = e / p.channels;
  let o = block * p.channels + e % p.channels;
  var value = 0.0;
  if (kw < p.kw && o < p.o) {
    //#if ${TRANSPOSED}
    value = w[(((p.kh - 1u - kh) * p.kw + p.kw - 1u - kw) * p.o + o) * p.i + i];
    //#else
    value = w[((kh * p.kw + kw) * p.i + i) * p.o + o];
    //#endif
  }
  packed[index] = value;
}
