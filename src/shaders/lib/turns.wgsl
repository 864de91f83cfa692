// Sine and cosine of an angle in turns, by polynomials: WGSL's own may be off by 2^-11, and differ from adapter to adapter.

// (cos, sin) of 2π · turns; off by 1e-7.
fn cos_sin(turns: f32) -> vec2f {
  let quarters = round(turns * 4.0);
  // Within an eighth of a turn of a quarter, so that the series of both are short.
  let a = (turns - quarters * 0.25) * 6.283185307179586;
  let b = a * a;
  let s = a * (1.0 + b * (-1.0 / 6.0 + b * (1.0 / 120.0 + b * (-1.0 / 5040.0 + b * (1.0 / 362880.0)))));
  let c = 1.0 + b * (-0.5 + b * (1.0 / 24.0 + b * (-1.0 / 720.0 + b * (1.0 / 40320.0))));
  let quadrant = i32(quarters) & 3;
  var turned = vec2f(c, s);
  if (quadrant == 1) { turned = vec2f(-s, c); }
  if (quadrant == 2) { turned = vec2f(-c, -s); }
  if (quadrant == 3) { turned = vec2f(s, -c); }
  return turned;
}
