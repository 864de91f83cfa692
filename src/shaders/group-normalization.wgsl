// Normalisation of each group of channels of each example by its own statistics; an invocation takes a group.
//   x̂ = (x − mean) · rstd, rstd = 1 / √(variance + ε)     y = x̂ · gamma[c] + beta[c]
//   d = dy · gamma[c]     dx = (d − mean(d) − x̂ · mean(d · x̂)) · rstd     terms = dy · x̂, whose sums are dgamma
// Without SCALE, gamma is 1; without CENTER, beta is 0.
//   x, y, dy, dx, terms (N, S, C)   gamma, beta (C)   statistics (N · G, 2): mean and rstd

//#include "lib/invocation.wgsl"

struct Params {
  groups: u32,     // of all examples: N · G
  elements: u32,   // N · S · C
  places: u32,     // S
  channels: u32,   // C
  width: u32,      // C / G
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> statistics: array<vec2f>;
@group(0) @binding(6) var<storage, read> known: array<vec2f>;
@group(0) @binding(7) var<storage, read> dy: array<f32>;
@group(0) @binding(8) var<storage, read_write> dx: array<f32>;
@group(0) @binding(9) var<storage, read_write> terms: array<f32>;

fn first_channel(group: u32) -> u32 {
  return group % (params.channels / params.width) * params.width;
}

// Where the channels of a group begin at the first place of its example.
fn start_of(group: u32) -> u32 {
  let example = group / (params.channels / params.width);
  return example * params.places * params.channels + first_channel(group);
}

@compute @workgroup_size(WORKGROUP)
fn forward(id: Invocation) {
  let group = linear_index(id);
  if (group >= params.groups) { return; }
  let start = start_of(group);
  let count = f32(params.places * params.width);
  var sum = 0.0;
  for (var s = 0u; s < params.places; s++) {
    // A sum of its own for each place, so that none grows long.
    var line = 0.0;
    for (var c = 0u; c < params.width; c++) { line += x[start + s * params.channels + c]; }
    sum += line;
  }
  let mean = sum / count;
  var squares = 0.0;
  for (var s = 0u; s < params.places; s++) {
    var line = 0.0;
    for (var c = 0u; c < params.width; c++) {
      let apart = x[start + s * params.channels + c] - mean;
      line += apart * apart;
    }
    squares += line;
  }
  let rstd = 1.0 / sqrt(squares / count + params.epsilon);
  statistics[group] = vec2f(mean, rstd);
  for (var s = 0u; s < params.places; s++) {
    for (var c = 0u; c < params.width; c++) {
      let at = start + s * params.channels + c;
      var value = (x[at] - mean) * rstd;
      //#if ${SCALE}
      value *= gamma[first_channel(group) + c];
      //#endif
      //#if ${CENTER}
      value += beta[first_channel(group) + c];
      //#endif
      y[at] = value;
    }
  }
}

// What a gradient is before the c-th channel of the group was multiplied by its gamma.
fn scaled(gradient: f32, group: u32, c: u32) -> f32 {
  //#if ${SCALE}
  return gradient * gamma[first_channel(group) + c];
  //#else
  return gradient;
  //#endif
}

@compute @workgroup_size(WORKGROUP)
fn input_gradient(id: Invocation) {
  let group = linear_index(id);
  if (group >= params.groups) { return; }
  let start = start_of(group);
  let mean = known[group].x;
  let rstd = known[group].y;
  var sum = 0.0;
  var product = 0.0;
  for (var s = 0u; s < params.places; s++) {
    var line = vec2f();
    for (var c = 0u; c < params.width; c++) {
      let at = start + s * params.channels + c;
      let d = scaled(dy[at], group, c);
      line += vec2f(d, d * (x[at] - mean) * rstd);
    }
    sum += line.x;
    product += line.y;
  }
  let count = f32(params.places * params.width);
  for (var s = 0u; s < params.places; s++) {
    for (var c = 0u; c < params.width; c++) {
      let at = start + s * params.channels + c;
      let d = scaled(dy[at], group, c);
      dx[at] = (d - sum / count - (x[at] - mean) * rstd * product / count) * rstd;
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn gamma_terms(id: Invocation) {
  let at = linear_index(id);
  if (at >= params.elements) { return; }
  let example = at / params.channels / params.places;
  let of_example = params.channels / params.width;
  let statistic = known[example * of_example + at % params.channels / params.width];
  terms[at] = dy[at] * (x[at] - statistic.x) * statistic.y;
}
