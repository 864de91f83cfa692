// Backward of the epilogue y = activate(z), z = … + b, which dense and conv2d fuse into their own kernels.
//   dz = dy · activate'(z), written in terms of y     db[c] = Σ dz[…, c]
//   dy, y, dz: rows × channels, as vec4 words         db: channels
// Forward is not here: GEMM and conv2d activate what they write.

alias Lanes = vec4f;
alias Bits = vec4i;

//#include "lib/invocation.wgsl"
//#include "lib/activate.wgsl"

struct Params {
  words: u32,     // vec4 words in dy, y and dz
  elements: u32,  // rows × channels; what the last word holds beyond it is not data
  strides: u32,   // invocations, a multiple of the words in which the channels repeat
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> y: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dz: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> partial: array<vec4f>;

// An invocation strides by whole periods, so each component of its words stays in one channel and sums in a register.
@compute @workgroup_size(WORKGROUP)
fn backward(id: Invocation) {
  let first = linear_index(id);
  if (first >= params.strides) { return; }
  var sum = vec4f();
  for (var i = first; i < params.words; i += params.strides) {
    var value = dy[i];
    //#if ${SLOPED}
    value = backpropagate(value, y[i]);
    dz[i] = value;
    //#endif
    //#if ${SUMS}
    let left = vec4u(params.elements - i * 4u);
    sum += select(vec4f(), value, vec4u(0u, 1u, 2u, 3u) < left);
    //#endif
  }
  //#if ${SUMS}
  partial[first] = sum;
  //#endif
}
