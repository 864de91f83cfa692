// The activations, for every kernel that applies one, and their gradients in terms of what came out.
//   RELU: y = z where z > 0, else 0     TANH: y = tanh(z)     SIGMOID: y = 1 / (1 + exp(−z))     none: y = z
//   dz = dy where y > 0, else 0         dz = dy · (1 − y²)    dz = dy · y · (1 − y)              dz = dy
// A NaN passes, both ways; ±∞ comes to the limit. Lanes and Bits are the includer's, as in lib/nan.wgsl.

//#include "lib/nan.wgsl"

fn activate(z: Lanes) -> Lanes {
//#if ${RELU}
  // Bits of what is negative, from −0 to −∞, and of no NaN. (max(z, 0) is 0 for NaN on some drivers.)
  return select(z, Lanes(0), bitcast<Bits>(z) <= Bits(NEGATIVE));
//#elif ${TANH}
//#if ${RATIONAL}
  return or_nan(rational_tanh(z), z);
//#else
  // Some drivers' tanh is ∞ / ∞ far out; by ±15 it has long been ±1 in float32.
  return or_nan(tanh(clamp(z, Lanes(-15), Lanes(15))), z);
//#endif
//#elif ${SIGMOID}
  // Further down exp would overflow, and the result is no normal float32 any more.
  let result = 1.0 / (1.0 + exp(-max(z, Lanes(-87))));
  return or_nan(select(result, Lanes(0), z < Lanes(-87)), z);
//#else
  return z;
//#endif
}

fn backpropagate(gradient: Lanes, result: Lanes) -> Lanes {
//#if ${RELU}
  // Positive by its bits, or a NaN without a sign; of any other NaN, and of that one, the result itself is what passes.
  return or_nan(select(Lanes(0), gradient, bitcast<Bits>(result) > Bits(0)), result);
//#elif ${TANH}
  return gradient * (1.0 - result * result);
//#elif ${SIGMOID}
  return gradient * (result * (1.0 - result));
//#else
  return gradient;
//#endif
}

//#if ${RATIONAL}
// The rational approximation of Eigen (and so of TensorFlow), within some ulp everywhere; the built-in tanh may lose
// digits near 0, which fused activations bear and the activation layer does not.
fn rational_tanh(z: Lanes) -> Lanes {
  let v = clamp(z, Lanes(-7.90531110763549805), Lanes(7.90531110763549805));
  let s = v * v;
  var p = s * -2.76076847742355e-16 + 2.00018790482477e-13;
  p = s * p - 8.60467152213735e-11;
  p = s * p + 5.12229709037114e-08;
  p = s * p + 1.48572235717979e-05;
  p = s * p + 6.37261928875436e-04;
  p = s * p + 4.89352455891786e-03;
  var q = s * 1.19825839466702e-06 + 1.18534705686654e-04;
  q = s * q + 2.26843463243900e-03;
  q = s * q + 4.89352518554385e-03;
  return select(v * p / q, z, abs(z) < Lanes(0.0004));
}
//#endif
