// The window of x that slides along ROWS rows of dy, and what it adds to a lane's sums for CHANNELS filters: Sums, place by place of
// the KH by KW. SPAN rows of x are what windows of those rows see, STEP apart.

alias Window = array<array<f32, KW>, SPAN>;
alias Slopes = array<array<f32, CHANNELS>, ROWS>;

// x at row h and column `at` of image n, zero where that is padding.
fn input(n: u32, h: u32, at: u32, i: u32) -> f32 {
  //#if ${PADDED}
  let value = x[x_index(n, min(h, params.h - 1u), min(at, params.w - 1u)) + i];
  return select(0.0, value, h < params.h && at < params.w);
  //#else
  return x[x_index(n, h, at) + i];
  //#endif
}

// Functions take a part of the work each because Mesa unrolls a loop only up to some 800 instructions, and an array that
// is indexed in a loop that stays lives in memory.
fn accumulate(sums: ptr<function, Sums>, window: ptr<function, Window>, slopes: ptr<function, Slopes>, kh: u32, start: u32) {
  for (var kw = 0u; kw < KW; kw++) {
    for (var c = start; c < min(start + 4u, CHANNELS); c++) {
      var own = (*window)[kh][kw] * (*slopes)[0][c];
      for (var r = 1u; r < ROWS; r++) { own += (*window)[kh + r * STEP][kw] * (*slopes)[r][c]; }
      (*sums)[(kh * KW + kw) * CHANNELS + c] += own;
    }
  }
}

fn accumulate_row(sums: ptr<function, Sums>, window: ptr<function, Window>, slopes: ptr<function, Slopes>, kh: u32) {
  accumulate(sums, window, slopes, kh, 0u);
  if (CHANNELS > 4u) { accumulate(sums, window, slopes, kh, 4u); }
  if (CHANNELS > 8u) { accumulate(sums, window, slopes, kh, 8u); }
  if (CHANNELS > 12u) { accumulate(sums, window, slopes, kh, 12u); }
}

fn accumulate_window(sums: ptr<function, Sums>, window: ptr<function, Window>, slopes: ptr<function, Slopes>) {
  accumulate_row(sums, window, slopes, 0u);
  if (KH > 1u) { accumulate_row(sums, window, slopes, 1u); }
  if (KH > 2u) { accumulate_row(sums, window, slopes, 2u); }
  if (KH > 3u) { accumulate_row(sums, window, slopes, 3u); }
  if (KH > 4u) { accumulate_row(sums, window, slopes, 4u); }
  if (KH > 5u) { accumulate_row(sums, window, slopes, 5u); }
  if (KH > 6u) { accumulate_row(sums, window, slopes, 6u); }
  if (KH > 7u) { accumulate_row(sums, window, slopes, 7u); }
}
