// Which row and column of x lies under a tap of the window at a place of y. In the padding above and to the left these
// wrap below zero, and so fail the test like those past the end.

fn x_row(oh: u32, kh: u32) -> u32 {
  return oh * params.sh + kh - params.top;
}

fn x_column(ow: u32, kw: u32) -> u32 {
  return ow * params.sw + kw - params.left;
}
