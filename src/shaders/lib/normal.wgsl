// Numbers of the normal distribution, by Box and Muller; with lib/random.wgsl and lib/turns.wgsl.

fn normals(counter: vec4u) -> vec4f {
  let u = uniforms(counter);
  // 1 − u lies in (0, 1], so that the logarithm is finite.
  let radius = sqrt(-2.0 * log(vec2f(1.0) - u.xz));
  return vec4f(radius.x * cos_sin(u.y), radius.y * cos_sin(u.w));
}
