// Two tensors into one, element by element.
//   SUBTRACT: y = a − b     MULTIPLY: y = a · b     MAXIMUM: y = max(a, b)     MINIMUM: y = min(a, b)
//   a, b, y, dy, da, db: any shape, the same

//#include "lib/invocation.wgsl"

struct Params {
  vectors: u32,  // vec4 words in each tensor
  stride: u32,   // from one word of an invocation to its next
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read> dy: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> da: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> db: array<vec4f>;

// Where the first of the two is taken; of two that are equal, the first.
fn takes_first(u: vec4f, v: vec4f) -> vec4<bool> {
//#if ${MAXIMUM}
  return u >= v;
//#else
  return u <= v;
//#endif
}

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) {
//#if ${SUBTRACT}
    y[i] = a[i] - b[i];
//#elif ${MULTIPLY}
    y[i] = a[i] * b[i];
//#else
    y[i] = select(b[i], a[i], takes_first(a[i], b[i]));
//#endif
  }
}

@compute @workgroup_size(WORKGROUP)
fn backward(id: Invocation) {
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) {
//#if ${SUBTRACT}
    da[i] = dy[i];
    db[i] = -dy[i];
//#elif ${MULTIPLY}
    da[i] = dy[i] * b[i];
    db[i] = dy[i] * a[i];
//#else
    let taken = takes_first(a[i], b[i]);
    da[i] = select(vec4f(), dy[i], taken);
    db[i] = select(dy[i], vec4f(), taken);
//#endif
  }
}
