// NaN is told by its bits, always: compilers may suppose that there is none, and then drop `v != v`, and min, max and
// clamp return either operand. Lanes and Bits are the includer's: f32 and u32, or vectors of them.

const INFINITY: u32 = 0x7f800000u;
const SIGN: u32 = 0x80000000u;

// The bits of |v|: those of a NaN are greater than those of any number.
fn magnitude_of(v: Lanes) -> Bits {
  return bitcast<Bits>(v) & Bits(~SIGN);
}

// `v`; but where `origin`, that it was made of, is NaN, that NaN.
fn or_nan(v: Lanes, origin: Lanes) -> Lanes {
  return select(v, origin, magnitude_of(origin) > Bits(INFINITY));
}
