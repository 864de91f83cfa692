// log(1 + t), also for small t, where 1 + t rounds the digits away that a small loss consists of: the series of
// 2·artanh(t / (2 + t)), within 2e-8 of it up to t = 0.5.
fn log_1_plus(t: f32) -> f32 {
  if (t > 0.5) { return log(1.0 + t); }
  let r = t / (2.0 + t);
  let s = r * r;
  return 2.0 * r * (1.0 + s * (1.0 / 3.0 + s * (1.0 / 5.0 + s * (1.0 / 7.0 + s * (1.0 / 9.0)))));
}
