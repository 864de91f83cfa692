// Rows of a data set as small PNGs for a gallery, a pixel a pixel. Shades of grey are drawn dark on white, as the samples of
// data-charts.ts are.

import { PNG } from "pngjs";
import { type Dataset, imageSize } from "../../data/dataset.ts";
import { formatCount } from "../../format/number-format.ts";
import type { Predictions } from "../../train/metrics/predictions.ts";
import type { Bar } from "../story/story.ts";

export function rowPicture(dataset: Dataset, row: number): Uint8Array {
  return rowStrip(dataset, [row], 1);
}

/** Between the pictures of a strip. */
const GAP = 2;

/** Width of a strip in pixels. */
export function stripWidth({ width }: Dataset, places: number): number {
  return places * (width + GAP) - GAP;
}

/** Rows beside each other; places beyond them stay white. */
export function rowStrip(dataset: Dataset, rows: readonly number[], places: number): Uint8Array {
  const { height, channels } = dataset;
  const png = new PNG({ width: stripWidth(dataset, places), height });
  png.data.fill(255);
  for (const [place, row] of rows.entries()) draw(png, dataset, { row, place });
  return PNG.sync.write(png, { colorType: channels === 1 ? 0 : 2, inputColorType: 6 });
}

function draw(
  png: PNG,
  dataset: Dataset,
  { row, place }: { readonly row: number; readonly place: number },
): void {
  const { width, height, channels, images } = dataset;
  const size = imageSize(dataset);
  const pixels = images.subarray(row * size, (row + 1) * size);
  for (let i = 0; i < width * height; i++) {
    const x = place * (width + GAP) + (i % width);
    const at = 4 * (Math.floor(i / width) * png.width + x);
    for (let channel = 0; channel < 3; channel++) {
      const value = pixels[i * channels + Math.min(channel, channels - 1)] ?? 0;
      png.data[at + channel] = channels === 1 ? 255 - value : value;
    }
  }
}

/** What stories call the picture. */
export function rowFile(row: number): string {
  return `row-${row}.png`;
}

/** `row 4,123`, counted from 0 as the data set does. */
export function rowName(row: number): string {
  return `row ${formatCount(row)}`;
}

/** The likeliest classes of a row as bars, and the true one if it is not among them. */
export function rowBars(
  { labels, probabilities, predicted }: Predictions,
  row: number,
  { classNames, most }: { readonly classNames: readonly string[]; readonly most: number },
): Bar[] {
  const label = labels[row] ?? 0;
  const shares = [...(probabilities[row] ?? [])].map((share, i) => ({ share, i }));
  const sorted = shares.sort((a, b) => b.share - a.share || a.i - b.i);
  const shown = sorted.slice(0, most);
  const truth = sorted.find(({ i }) => i === label);
  if (truth && !shown.includes(truth)) shown[most - 1] = truth;
  return shown.map(({ share, i }): Bar => {
    const bar = { label: classNames[i] ?? String(i), share };
    if (i === label) return { ...bar, mark: "right" };
    return i === predicted[row] ? { ...bar, mark: "wrong" } : bar;
  });
}
