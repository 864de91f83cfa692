// The error function by the rational approximation of Eigen (and so of TensorFlow); off by some 1e-7 at most.
//   erf(v) = 2/√π · ∫ exp(−t²) dt from 0 to v

fn erf(v: f32) -> f32 {
  let z = clamp(v, -4.0, 4.0);
  let s = z * z;
  var p = s * -2.72614225801306e-10 + 2.77068142495902e-08;
  p = s * p - 2.10102402082508e-06;
  p = s * p - 5.69250639462346e-05;
  p = s * p - 7.34990630326855e-04;
  p = s * p - 2.95459980854025e-03;
  p = s * p - 1.60960333262415e-02;
  var q = s * -1.45660718464996e-05 - 2.13374055278905e-04;
  q = s * q - 1.68282697438203e-03;
  q = s * q - 7.37332916720468e-03;
  q = s * q - 1.42647390514189e-02;
  return z * p / q;
}
