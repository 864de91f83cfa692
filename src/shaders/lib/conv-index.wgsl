// Where the channels of a pixel begin, in the images that a convolution reads and in those that it writes, NHWC. Params
// has their extents: h, w and i channels; oh, ow and o channels.

fn x_index(n: u32, row: u32, column: u32) -> u32 {
  return ((n * params.h + row) * params.w + column) * params.i;
}

fn y_index(n: u32, row: u32, column: u32) -> u32 {
  return ((n * params.oh + row) * params.ow + column) * params.o;
}
