// Maximum over the height and width of images, and its gradient. An invocation takes four channels of an image, or one
// where C is no multiple of four.
//   x, dx (N,H,W,C)   y, top, dy (N,C)

//#if ${BY_FOUR}
alias Lanes = vec4f;
//#else
alias Lanes = f32;
//#endif

struct Params {
  images: u32,    // N
  cells: u32,     // H · W
  channels: u32,  // C in units of Lanes
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Lanes>;
@group(0) @binding(2) var<storage, read_write> y: array<Lanes>;
@group(0) @binding(3) var<storage, read> top: array<Lanes>;
@group(0) @binding(4) var<storage, read> dy: array<Lanes>;
@group(0) @binding(5) var<storage, read_write> dx: array<Lanes>;

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (wg.y * groups.x + wg.x) * 64u + local;
  if (i >= params.images * params.channels) { return; }
  let first = first_cell(i);
  var best = x[first];
  for (var cell = 1u; cell < params.cells; cell++) {
    best = max(best, x[first + cell * params.channels]);
  }
  y[i] = best;
}

// Counts the maxima first, because each gets its share of the gradient.
@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (wg.y * groups.x + wg.x) * 64u + local;
  if (i >= params.images * params.channels) { return; }
  let first = first_cell(i);
  let best = top[i];
  var ties = Lanes(0);
  for (var cell = 0u; cell < params.cells; cell++) {
    ties += select(Lanes(0), Lanes(1), x[first + cell * params.channels] == best);
  }
  let share = dy[i] / ties;
  for (var cell = 0u; cell < params.cells; cell++) {
    let at = first + cell * params.channels;
    dx[at] = select(Lanes(0), share, x[at] == best);
  }
}

fn first_cell(i: u32) -> u32 {
  let n = i / params.channels;
  return n * params.cells * params.channels + i - n * params.channels;
}
