// Copies some neighbouring columns of one row-major matrix into some of another.
//   to[r, to_first + c] = from[r, from_first + c]
// BY_FOUR: every width and first column is a whole number of vec4 words, and counted in them.

//#include "lib/invocation.wgsl"
//#include "lib/lanes.wgsl"

struct Params {
  rows: u32,
  columns: u32,  // to copy
  from_width: u32,
  from_first: u32,
  to_width: u32,
  to_first: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<Lanes>;
@group(0) @binding(2) var<storage, read_write> destination: array<Lanes>;

@compute @workgroup_size(WORKGROUP)
fn copy(id: Invocation) {
  let i = linear_index(id);
  if (i >= params.rows * params.columns) { return; }
  let row = i / params.columns;
  let column = i % params.columns;
  destination[row * params.to_width + params.to_first + column] =
    source[row * params.from_width + params.from_first + column];
}
