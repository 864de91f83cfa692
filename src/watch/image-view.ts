// An image of a data set as the page takes it.

import { type Dataset, imageSize } from "../data/dataset.ts";
import { base64Of } from "../format/base64.ts";
import type { ImageView } from "../page/live/live-events.ts";

export function imageView(dataset: Dataset, row: number): ImageView {
  const { height, width, channels, images } = dataset;
  const size = imageSize(dataset);
  const bytes = base64Of(images.subarray(row * size, (row + 1) * size));
  return { height, width, channels, bytes };
}
